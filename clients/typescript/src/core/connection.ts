// Whether live events can come: connect, come back after pauses that grow, and wait where there is no network or no
// token. While it is up a heartbeat says what the client has, and tells the server's time and the heads of its rooms.
import type { Heartbeat, PresenceStatus } from '../wire/generated/types.ts';
import { type Host, pause } from './host.ts';
import type { Event } from './protocol.ts';
import { type Refusal, unreachable } from './refusals.ts';
import type { ConnectionStatus } from './shown.ts';

const HEARTBEAT_MS = 30_000;
/** So that somebody who has just come is seen, and what they look at now. */
const SOON_MS = 1_000;
/** Of so many times one asks for heads, where the transport itself is told what the client has. */
const ONE_OF = 10;

/** Up to which number nothing is missing in a room, and the instant of that message. */
export interface Position {
  readonly roomId: string;
  readonly seq: number;
  readonly ts?: string;
}

export interface ConnectionOptions {
  readonly deviceId?: string | undefined;
  /** Whether the transport takes what the client has, and looks after heads by itself. */
  readonly confirms?: boolean | undefined;
}

/** Who hears of the connection. */
export interface ConnectionListener {
  up(): void;
  down(): void;
  /** What waited for the network or a token need not wait any longer. */
  wake(): void;
  /** What the next heartbeat says: the rooms and where they stand. */
  positions(): readonly Position[];
  /** The room that the person looks at. */
  watching(): string | null;
  heard(heartbeat: Heartbeat): void;
}

export class Connection {
  status: ConnectionStatus = 'offline';
  #isOnline = true;
  #isVisible = true;
  /** What was said last of where the person is. */
  #said = '';
  #attempts = 0;
  readonly #host: Host;
  readonly #options: ConnectionOptions;
  #beats = 0;
  readonly #listener: ConnectionListener;

  constructor(host: Host, options: ConnectionOptions, listener: ConnectionListener) {
    this.#host = host;
    this.#options = options;
    this.#listener = listener;
  }

  get isUp(): boolean {
    return this.status === 'online';
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'start':
        return this.connect();
      case 'stop':
        return this.down(unreachable());
      case 'up':
        return this.up();
      case 'down':
        return this.down(event.refusal);
      case 'network':
        return this.network(event.isOnline);
      case 'signedIn':
        return this.signedIn();
      case 'visible':
        this.#isVisible = event.isVisible;
        return this.#moved();
      case 'shown':
        return this.#moved();
      case 'shared':
        if (event.field === 'heartbeat') this.#heard(event.value as Heartbeat | null);
        return;
      case 'due':
        if (event.key === 'connect') this.connect();
        else if (event.key === 'heartbeat') this.beat();
    }
  }

  connect(): void {
    if (this.status !== 'offline' || !this.#isOnline) return;
    this.status = 'connecting';
    this.#host.emit({ type: 'cancel', key: 'connect' });
    this.#host.emit({ type: 'connect' });
  }

  up(): void {
    this.status = 'online';
    this.#attempts = 0;
    this.#listener.up();
    this.#listener.wake();
    this.#said = '';
    this.#beatAfter(SOON_MS);
  }

  down(refusal: Refusal): void {
    this.#listener.down();
    if (this.status === 'unauthorized') return;
    if (refusal.code === 'Unauthorized' || refusal.code === 'IdentityRefused') return this.unauthorized();
    this.status = 'offline';
    if (!this.#isOnline) return;
    const told = refusal.code === 'RateLimited' ? refusal.retryAfterMs : 0;
    const afterMs = Math.max(told, pause(this.#attempts, this.#host.chance()));
    this.#attempts += 1;
    this.#host.emit({ type: 'timer', key: 'connect', afterMs });
  }

  /** What the browser knows of the network. */
  network(isOnline: boolean): void {
    this.#isOnline = isOnline;
    if (!isOnline) return;
    this.connect();
    this.#listener.wake();
  }

  /** The token was refused: nothing is asked until there is another. */
  unauthorized(): void {
    if (this.status === 'unauthorized') return;
    this.status = 'unauthorized';
    this.#listener.down();
    this.#host.emit({ type: 'disconnect' });
  }

  signedIn(): void {
    if (this.status === 'unauthorized') this.status = 'offline';
    this.connect();
    this.#listener.wake();
  }

  beat(): void {
    if (!this.isUp) return;
    if (!this.#host.leads()) return this.#beatAfter(HEARTBEAT_MS);
    // What a tab has stored that was killed before it could say so.
    this.#host.emit({ type: 'load', roomId: null });
    const rooms = this.#listener.positions();
    const { status, watching } = this.#presence;
    this.#said = `${status} ${watching}`;
    if (this.#options.confirms) {
      this.#host.emit({ type: 'here', status, watching });
      for (const { roomId, seq } of rooms) this.#host.emit({ type: 'delivered', roomId, seq });
      this.#beats += 1;
      if (this.#beats % ONE_OF !== 1) return this.#beatAfter(HEARTBEAT_MS);
    }
    const variables = { status, deviceId: this.#options.deviceId, watching, rooms };
    this.#host.request('heartbeat', variables, (value, refusal) => {
      const heartbeat = refusal ? null : (value as Heartbeat | null);
      this.#heard(heartbeat);
      if (this.isUp) this.#beatAfter(heartbeat ? Math.max(5, heartbeat.everySeconds) * 1_000 : HEARTBEAT_MS);
    });
  }

  get #presence(): { readonly status: PresenceStatus; readonly watching: string | null } {
    if (!this.#isVisible) return { status: 'AWAY', watching: null };
    return { status: 'ONLINE', watching: this.#listener.watching() };
  }

  /** The person has come, gone or turned to another room: others are told soon, and not at each glance. */
  #moved(): void {
    const { status, watching } = this.#presence;
    if (this.isUp && this.#said && this.#said !== `${status} ${watching}`) this.#beatAfter(SOON_MS);
  }

  #heard(heartbeat: Heartbeat | null): void {
    if (heartbeat) this.#listener.heard(heartbeat);
  }

  #beatAfter(afterMs: number): void {
    this.#host.emit({ type: 'timer', key: 'heartbeat', afterMs });
  }
}

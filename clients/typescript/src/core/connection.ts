// Whether live events can come: connect, come back after pauses that grow, and wait where there is no network or no
// token. While it is up a heartbeat says what the client has, and tells the server's time and the heads of its rooms.
import type { Heartbeat } from '../wire/generated/types.ts';
import { type ConnectionStatus, type Event, type Host, pause } from './protocol.ts';
import { type Refusal, unreachable } from './refusals.ts';

const HEARTBEAT_MS = 30_000;

/** Who hears of the connection. */
export interface ConnectionListener {
  up(): void;
  down(): void;
  /** What waited for the network or a token need not wait any longer. */
  wake(): void;
  /** What the next heartbeat says: the rooms and where they stand. */
  positions(): readonly object[];
  heard(heartbeat: Heartbeat): void;
}

export class Connection {
  status: ConnectionStatus = 'offline';
  #isOnline = true;
  #attempts = 0;
  readonly #host: Host;
  readonly #deviceId: string | undefined;
  readonly #listener: ConnectionListener;

  constructor(host: Host, deviceId: string | undefined, listener: ConnectionListener) {
    this.#host = host;
    this.#deviceId = deviceId;
    this.#listener = listener;
  }

  get isUp(): boolean {
    return this.status === 'online';
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
    this.#beatAfter(HEARTBEAT_MS);
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
    const variables = { deviceId: this.#deviceId, rooms: this.#listener.positions() };
    this.#host.request('heartbeat', variables, (value, refusal) => {
      const heartbeat = refusal ? null : (value as Heartbeat | null);
      this.#heard(heartbeat);
      if (this.isUp) this.#beatAfter(heartbeat ? Math.max(5, heartbeat.everySeconds) * 1_000 : HEARTBEAT_MS);
    });
  }

  #heard(heartbeat: Heartbeat | null): void {
    if (heartbeat) this.#listener.heard(heartbeat);
  }

  #beatAfter(afterMs: number): void {
    this.#host.emit({ type: 'timer', key: 'heartbeat', afterMs });
  }
}

// What happens to the person themself, by `onMine` (docs/personal-events.md): that they were added, mentioned or removed, or
// that something has moved in one of their small rooms. Each event is a hint to look: `sync` says what is so, but for what is asked
// of their data, which `dataRequests` says.
import type { Me, PersonEvent } from '../wire/generated/types.ts';
import { type Host, pause } from './host.ts';
import type { Event } from './protocol.ts';
import type { Refusal } from './refusals.ts';

/** Who was told elsewhere just before is told nothing more for so long (MOVED_EVERY_SECONDS of the deployment). */
const LOOK_AGAIN_MS = 10_000;
/** For how long a deployment that does not tell is not asked again. */
const REST_MS = 1_800_000;
/** How many ids are remembered: the same event may come again. */
const MOST_SEEN = 256;
/** Of these nothing is in `sync`, or not all: an invitation, and the last message of a room that is new. */
const FILLING = new Set(['ADDED', 'DIRECT_ROOM', 'INVITED', 'REMOVED', 'BANNED']);

export interface MineListener {
  /** Ask `sync`. */
  look(): void;
  /** Ask for the list of rooms, with invitations. */
  fill(): void;
}

export class Mine {
  /** The id of the newest `DATA_REQUESTED`; `null` until one is heard. */
  dataRequested: string | null = null;
  readonly #host: Host;
  readonly #userId: string;
  readonly #listener: MineListener;
  readonly #seen = new Set<string>();
  #epoch: number | null = null;
  #number = 0;
  #attempts = 0;
  #restsUntil = 0;
  #isStale = false;

  constructor(host: Host, userId: string, listener: MineListener) {
    this.#host = host;
    this.#userId = userId;
    this.#listener = listener;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'up':
        return this.#start();
      case 'leads':
        return event.isLeader ? this.#start() : undefined;
      case 'mineSubscribed':
        if (event.number === this.#number) this.#subscribed();
        return;
      case 'mineNotSubscribed':
        if (event.number === this.#number) this.#refused(event.refusal);
        return;
      case 'mine':
        return this.#heard(event.event);
      case 'due':
        if (event.key === 'mine') this.#start();
        else if (event.key === 'mine/look') this.#listener.look();
    }
  }

  #start(): void {
    if (!this.#host.isUp() || !this.#host.leads() || this.#host.now() < this.#restsUntil) return;
    this.#number += 1;
    if (this.#epoch !== null) return this.#subscribe(this.#epoch);
    const number = this.#number;
    this.#host.request('me', {}, (value, refusal) => {
      if (number !== this.#number) return;
      const me = refusal ? null : (value as Me | null);
      if (me) this.#subscribe(me.epoch);
      else if (refusal) this.#refused(refusal);
    });
  }

  #subscribe(epoch: number): void {
    this.#epoch = epoch;
    this.#host.emit({ type: 'subscribeMine', userId: this.#userId, epoch, number: this.#number });
  }

  #subscribed(): void {
    this.#attempts = 0;
    this.#isStale = false;
    this.#listener.look();
    this.#lookIn(LOOK_AGAIN_MS);
  }

  #refused(refusal: Refusal): void {
    if (refusal.code === 'StaleEpoch' && !this.#isStale) {
      this.#isStale = true;
      this.#epoch = refusal.epoch;
      return this.#start();
    }
    if (refusal.code === 'Unauthorized' || refusal.code === 'IdentityRefused') return;
    const isFinal = refusal.code === 'NotAllowed' || refusal.code === 'InvalidInput';
    const afterMs = isFinal ? REST_MS : pause(this.#attempts, this.#host.chance());
    this.#attempts += 1;
    if (isFinal) this.#restsUntil = this.#host.now() + REST_MS;
    this.#host.emit({ type: 'timer', key: 'mine', afterMs });
  }

  #heard(event: PersonEvent): void {
    if (event.userId !== this.#userId || this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    for (const id of this.#seen) {
      if (this.#seen.size <= MOST_SEEN) break;
      this.#seen.delete(id);
    }
    if (event.kind === 'DATA_REQUESTED') this.dataRequested = event.id;
    else this.#listener.look();
    if (FILLING.has(event.kind)) this.#listener.fill();
    if (event.kind !== 'MOVED') return;
    const quietMs = Date.parse(event.quietUntil ?? '') - this.#host.serverNow();
    this.#lookIn(Number.isNaN(quietMs) ? LOOK_AGAIN_MS : Math.min(Math.max(quietMs, 0), REST_MS) + 500);
  }

  #lookIn(afterMs: number): void {
    this.#host.emit({ type: 'timer', key: 'mine/look', afterMs });
  }
}

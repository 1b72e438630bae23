// The rooms that any tab has open, each subscribed to once, and which tab waits for what.
import type { Effect, Event } from '../core/protocol.ts';
import type { Refusal } from '../core/refusals.ts';
import type { Wanted } from './messages.ts';

interface Shared {
  readonly epoch: number;
  /** The subscription's number at the transport. */
  readonly number: number;
  isSubscribed: boolean;
  /** The number that each tab knows it by. */
  readonly tabs: Map<string, number>;
}

export interface SubscriptionsHost {
  readonly wire: (effect: Effect) => void;
  readonly tell: (tab: string, event: Event) => void;
}

export class Subscriptions {
  readonly #host: SubscriptionsHost;
  readonly #rooms = new Map<string, Shared>();
  #number = 0;

  constructor(host: SubscriptionsHost) {
    this.#host = host;
  }

  subscribe(tab: string, { roomId, epoch, number }: Wanted): void {
    const held = this.#rooms.get(roomId);
    if (held && epoch < held.epoch) return this.#stale(tab, roomId, number, held.epoch);
    if (held && epoch === held.epoch) {
      if (held.tabs.get(tab) === number) return; // it is told or will be
      held.tabs.set(tab, number);
      if (held.isSubscribed) this.#host.tell(tab, { type: 'subscribed', roomId, number });
      return;
    }
    this.#number += 1;
    const tabs = new Map([[tab, number]]);
    this.#rooms.set(roomId, { epoch, number: this.#number, isSubscribed: false, tabs });
    this.#host.wire({ type: 'subscribe', roomId, epoch, number: this.#number });
    // Who was subscribed under the epoch before may have missed something, and has to catch up as well.
    for (const [other, known] of held?.tabs ?? [])
      if (other !== tab) this.#stale(other, roomId, known, epoch);
  }

  unsubscribe(tab: string, roomId: string): void {
    const held = this.#rooms.get(roomId);
    if (!held?.tabs.delete(tab) || held.tabs.size > 0) return;
    this.#rooms.delete(roomId);
    this.#host.wire({ type: 'unsubscribe', roomId });
  }

  /** The tab wants these and no others. */
  replace(tab: string, wanted: readonly Wanted[]): void {
    const rooms = new Set(wanted.map(({ roomId }) => roomId));
    for (const roomId of this.#rooms.keys()) if (!rooms.has(roomId)) this.unsubscribe(tab, roomId);
    for (const each of wanted) this.subscribe(tab, each);
  }

  subscribed(roomId: string, number: number): void {
    const held = this.#rooms.get(roomId);
    if (held?.number !== number) return;
    held.isSubscribed = true;
    for (const [tab, known] of held.tabs) this.#host.tell(tab, { type: 'subscribed', roomId, number: known });
  }

  notSubscribed(roomId: string, number: number, refusal: Refusal): void {
    const held = this.#rooms.get(roomId);
    if (held?.number !== number) return;
    this.#rooms.delete(roomId);
    for (const [tab, known] of held.tabs) {
      this.#host.tell(tab, { type: 'notSubscribed', roomId, number: known, refusal });
    }
  }

  /** The connection with all of them is gone. */
  clear(): void {
    this.#rooms.clear();
  }

  #stale(tab: string, roomId: string, number: number, epoch: number): void {
    const refusal: Refusal = { code: 'StaleEpoch', epoch, sentence: '', values: {} };
    this.#host.tell(tab, { type: 'notSubscribed', roomId, number, refusal });
  }
}

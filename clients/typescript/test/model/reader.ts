// Somebody who reads a room: what the core asks for is answered in an order that a seed chooses, as the room was at some
// instant between question and answer; live events come late, twice, in another order, or not at all.
import { isDeepStrictEqual } from 'node:util';

import { ChatCore } from '../../src/core/chat.ts';
import type { Effect, Event } from '../../src/core/protocol.ts';
import { unreachable } from '../../src/core/refusals.ts';
import type { RoomSnapshot } from '../../src/core/shown.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import { ROOM } from '../support.ts';
import { NaiveRoom } from './naive.ts';
import { chosen, seeded } from './random.ts';

const KEPT = 60;

export class Reader {
  readonly room = new NaiveRoom();
  readonly core: ChatCore;
  readonly random: () => number;
  /** How often events are lost or doubled and requests fail. */
  faults = 0.15;
  #ready: (() => void)[] = [];
  readonly #timers = new Map<string, number>();
  /** Of what was shown, the newest state of each message, and of its reactions. */
  readonly #revs = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  #last: RoomSnapshot | null = null;

  constructor(seed: number, count: number, isReduced: boolean) {
    this.random = seeded(seed);
    this.core = new ChatCore({ userId: 'me', chance: this.random, keep: KEPT });
    this.room.isReduced = isReduced;
    for (let n = 0; n < count; n += 1) this.room.send(n % 3 ? undefined : chosen(this.room.all, this.random));
    this.room.hear = (message) => this.#hear(message);
    this.feed({ type: 'start' });
    this.feed({ type: 'open', roomId: ROOM });
  }

  get shown(): RoomSnapshot {
    return this.core.getRoom(ROOM);
  }

  anywhere(): Message | undefined {
    return chosen(this.room.messages, this.random);
  }

  /** A message of the room, or none: one that is shown, as often as not. */
  any(): Message | undefined {
    const { messages } = this.shown;
    return messages.length > 0 && this.random() < 0.5 ? chosen(messages, this.random) : this.anywhere();
  }

  feed(event: Event): void {
    for (const effect of this.core.feed(event, this.room.now)) this.#carryOut(effect);
    this.#inspect();
  }

  /** The connection is lost. */
  cut(): void {
    this.feed({ type: 'down', refusal: unreachable() });
  }

  /** One thing that is under way, or the next timer. */
  step(): boolean {
    const index = Math.floor(this.random() * this.#ready.length);
    const [piece] = this.#ready.splice(index, 1);
    if (!piece) return this.#wait();
    piece();
    return true;
  }

  /** All that is under way, without faults, and two heartbeats. */
  settle(): void {
    this.faults = 0;
    const until = this.room.now + 100_000;
    while (this.#ready.length > 0 || Math.min(...this.#timers.values()) < until) this.step();
  }

  /** What is shown is a part of what the server has, and all of it up to its ends. */
  check(): void {
    const { messages, hasOlder, hasNewer, status } = this.shown;
    if (status !== 'live') throw new Error(`it is ${status}`);
    const all = this.room.messages;
    const first = all.findIndex(({ id }) => id === messages[0]?.id);
    if (all.length > 0 && !hasNewer && messages.length === 0) throw new Error('nothing is shown');
    if (messages.length > 0 && first < 0) throw new Error(`${messages[0]?.id} is not there any more`);
    if (messages.length > 0 && !hasOlder && first !== 0) throw new Error('the oldest are missing');
    if (messages.length > 0 && !hasNewer && messages.at(-1)?.id !== all.at(-1)?.id)
      throw new Error('the newest are missing');
    for (const [index, message] of messages.entries()) {
      const there = all[first + index];
      if (!isDeepStrictEqual(plain(message), there && plain(there))) {
        throw new Error(`shown: ${JSON.stringify(message)}, there: ${JSON.stringify(there)}`);
      }
    }
  }

  #wait(): boolean {
    const [next] = [...this.#timers].sort((a, b) => a[1] - b[1]);
    if (!next) return false;
    const [key, at] = next;
    this.#timers.delete(key);
    this.room.now = Math.max(this.room.now, at);
    this.feed({ type: 'due', key });
    return true;
  }

  #happens(): boolean {
    return this.random() < this.faults;
  }

  #hear(message: Message): void {
    const copies = this.#happens() ? 0 : this.#happens() ? 2 : 1;
    for (let n = 0; n < copies; n += 1) this.#ready.push(() => this.feed({ type: 'live', message }));
  }

  #carryOut(effect: Effect): void {
    if (effect.type === 'timer') this.#timers.set(effect.key, this.room.now + effect.afterMs);
    else if (effect.type === 'cancel') this.#timers.delete(effect.key);
    else if (effect.type === 'connect') this.#ready.push(() => this.feed({ type: 'up' }));
    else if (effect.type === 'subscribe') {
      const { roomId, number } = effect;
      this.#ready.push(() => this.feed({ type: 'subscribed', roomId, number }));
    } else if (effect.type === 'request') this.#ready.push(() => this.#read(effect));
  }

  #read({ number, field, variables }: Extract<Effect, { type: 'request' }>): void {
    if (this.#happens()) {
      this.#ready.push(() => this.feed({ type: 'refused', number, refusal: unreachable() }));
      return;
    }
    const value = structuredClone(this.room.call(field, variables));
    this.#ready.push(() => this.feed({ type: 'answered', number, value }));
  }

  /** What holds at each moment. */
  #inspect(): void {
    const { shown } = this;
    if (shown === this.#last) return;
    this.#last = shown;
    const { messages, isLoadingNewer, isLoadingOlder, hasNewer, newMessages, status } = shown;
    // A live event may be ahead of what was read: then that is being asked for, or about to be.
    const isAsking = status !== 'live' || this.#timers.has(`room/${ROOM}`);
    if (!isLoadingNewer && !isLoadingOlder && messages.length > KEPT)
      throw new Error(`${messages.length} are kept`);
    if (newMessages < 0 || (newMessages > 0 && !hasNewer)) throw new Error(`${newMessages} are new`);
    let last = 0;
    for (const { id, seq, rev, reactions } of messages) {
      const number = seq ?? 0;
      if (number <= last) throw new Error(`${number} comes after ${last}`);
      if (last > 0 && number > last + 1 && !isAsking) throw new Error(`${last + 1} is missing`);
      last = number;
      this.#rises(this.#revs, id, rev ?? -1);
      if (reactions) this.#rises(this.#counts, id, reactions[0]?.count ?? 0);
    }
  }

  #rises(values: Map<string, number>, id: string, value: number): void {
    const before = values.get(id) ?? -1;
    if (value < before) throw new Error(`${id} goes from ${before} back to ${value}`);
    values.set(id, value);
  }
}

/**
 * A quote's `rev` may be that of a summary of reactions, which says nothing of the quote; and of a removed message nobody
 * is told how often it had been edited.
 */
function plain({ quote, ...message }: Message) {
  const gone = message.removedAt ? { version: null, editedAt: null } : {};
  return { ...message, ...gone, quote: quote ? { ...quote, rev: null } : null };
}

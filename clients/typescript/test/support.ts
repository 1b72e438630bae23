import { ChatCore, type ChatOptions } from '../src/core/chat.ts';
import { type Effect, type Event, revised, type StoredEntry } from '../src/core/protocol.ts';
import type { Message, RoomHead } from '../src/wire/generated/types.ts';

export const ROOM = 'lobby';
export const START = Date.UTC(2026, 0, 1);

const instant = (seq: number) => new Date(START + seq * 1_000).toISOString();

export function message(seq: number, said: Partial<Message> = {}): Message {
  const base = { id: `m${seq}`, roomId: ROOM, senderId: 'other', text: `text ${seq}`, ts: instant(seq), seq };
  return { ...base, epoch: 1, clientMessageId: `o${seq}`, rev: null, ...said };
}

export const head = (seq: number, said: Partial<RoomHead> = {}): RoomHead => ({
  seq,
  ts: seq ? instant(seq) : null,
  epoch: 1,
  rev: seq,
  ...said,
});

/** A core whose effects are looked at and answered by hand. */
export class Bench {
  readonly core: ChatCore;
  now = START;
  #n = 0;

  constructor(options: Partial<ChatOptions> = {}) {
    this.core = new ChatCore({ userId: 'me', chance: () => 0, syncs: false, ...options });
  }

  feed(event: Event): readonly Effect[] {
    return this.core.feed(event, this.now);
  }

  /** Compose, and have it stored. Returns what the core asks for then. */
  compose(clientMessageId: string, text = clientMessageId): readonly Effect[] {
    this.feed({ type: 'compose', message: { roomId: ROOM, text, clientMessageId } });
    return this.feed({ type: 'added', entry: this.stored(clientMessageId, text) });
  }

  stored(clientMessageId: string, text = clientMessageId): StoredEntry {
    this.#n += 1;
    return { roomId: ROOM, text, clientMessageId, version: 1, n: this.#n, isDurable: true };
  }

  /** The storage's answer, and then what it makes of the message that is about to be sent. */
  load(...entries: StoredEntry[]): readonly Effect[] {
    const effects = this.feed({ type: 'loaded', roomId: ROOM, entries });
    const tried = effects.find((each) => each.type === 'revise' && each.by.kind === 'try');
    return tried?.type === 'revise' ? [...effects, ...this.revise(tried, entries)] : effects;
  }

  /** Have what is asked for done to what the storage has. */
  revise(
    { clientMessageId, by }: Extract<Effect, { type: 'revise' }>,
    entries: readonly StoredEntry[],
  ): readonly Effect[] {
    const held = entries.find((each) => each.clientMessageId === clientMessageId);
    const entry = held ? revised(held, by) : null;
    return this.feed({ type: 'revised', roomId: held?.roomId ?? ROOM, clientMessageId, by, entry });
  }

  /** Read and subscribe a room that has so many messages. Returns the subscription's number. */
  enter(count: number): number {
    this.feed({ type: 'up' });
    const [read] = requests(this.feed({ type: 'open', roomId: ROOM }), 'messages');
    const items = Array.from({ length: count }, (_, n) => message(count - n));
    const value = { items, nextToken: null, head: head(count) };
    const number = Number(read?.number);
    const asked = this.feed({ type: 'answered', number, value }).find(({ type }) => type === 'subscribe');
    const subscription = asked?.type === 'subscribe' ? asked.number : 0;
    const [changes] = requests(
      this.feed({ type: 'subscribed', roomId: ROOM, number: subscription }),
      'changes',
    );
    const page = { items: [], nextToken: null, head: head(count), reset: false };
    this.feed({ type: 'answered', number: Number(changes?.number), value: page });
    return subscription;
  }

  get room() {
    return this.core.getRoom(ROOM);
  }
}

export function requests(effects: readonly Effect[], field?: string) {
  return effects.filter((each) => each.type === 'request' && (!field || each.field === field)) as Extract<
    Effect,
    { type: 'request' }
  >[];
}

export const timers = (effects: readonly Effect[]) =>
  Object.fromEntries(effects.flatMap((each) => (each.type === 'timer' ? [[each.key, each.afterMs]] : [])));

export const types = (effects: readonly Effect[]) => effects.map(({ type }) => type);

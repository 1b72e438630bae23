// A tab with the model of the storage, whose requests are answered by hand.
import type { Effect, Event } from '../src/core/protocol.ts';
import { unreachable } from '../src/core/refusals.ts';
import { ModelStorage } from './model/storage.ts';
import { Bench, message, ROOM } from './support.ts';

type Asked = Extract<Effect, { type: 'request' | 'post' }>;

export class Amending {
  readonly bench: Bench;
  readonly storage: ModelStorage;
  asked: Asked[] = [];
  ended: string[] = [];
  /** The texts of the edits that were asked for. */
  said: unknown[] = [];
  /** What the storage has to say and does not yet. */
  late: Event[] | null = null;

  /** `by`: tells its tries from those of another tab with the same storage. */
  constructor(storage = new ModelStorage(), by = 0) {
    this.storage = storage;
    this.bench = new Bench({ chance: () => by });
    this.feed({ type: 'start' });
  }

  feed(event: Parameters<Bench['feed']>[0]): void {
    for (const effect of this.bench.feed(event)) {
      if (effect.type === 'request' || effect.type === 'post') this.asked.push(effect);
      if (effect.type === 'endPost') this.ended.push(effect.key);
      const told = this.storage.carryOut(effect);
      if (told && this.late) this.late.push(told);
      else if (told) this.feed(told);
    }
  }

  compose(...ids: string[]): void {
    for (const clientMessageId of ids)
      this.feed({ type: 'compose', message: { roomId: ROOM, text: clientMessageId, clientMessageId } });
  }

  mend(clientMessageId: string, text: string): void {
    this.feed({ type: 'mend', clientMessageId, said: { text } });
  }

  discard(clientMessageId: string): void {
    this.feed({ type: 'discard', clientMessageId });
  }

  /** What is asked for next, and its answer. */
  answer(value: unknown, refusal = unreachable(), isRefused = false): unknown[] {
    const asked = this.asked.shift();
    if (!asked) return [];
    const { number } = asked;
    this.feed(isRefused ? { type: 'refused', number, refusal } : { type: 'answered', number, value });
    if (asked.type === 'post') return [asked.file.key];
    const { text, id, clientMessageId } = asked.variables;
    if (asked.field === 'editMessage') this.said.push(text);
    return [asked.field, id ?? clientMessageId, text];
  }

  due(): void {
    this.feed({ type: 'due', key: `outbox/${ROOM}` });
  }

  get texts() {
    return this.bench.room.pending.map(({ text }) => text);
  }
}

export const stored = (id: string) => message(1, { id: 'm1', senderId: 'me', clientMessageId: id, text: id });

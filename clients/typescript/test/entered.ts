// A room that somebody reads, and what is told of it.
import type { Message } from '../src/wire/generated/types.ts';
import { Bench, head, message, ROOM, requests } from './support.ts';

export const seqs = (bench: Bench) => bench.room.messages.map(({ seq }) => seq);

export const live = (bench: Bench, seq: number, said: Partial<Message> = {}) =>
  bench.feed({ type: 'live', message: message(seq, said) });
export const notice = (bench: Bench, said: object) =>
  live(bench, 0, { id: 'n', seq: null, text: null, notice: { kind: 'ROOM_UPDATED', ...said } });
/** A change where the history is visible from joining. */
export const reduced = (seq: number, said: Partial<Message> = {}) =>
  message(seq, { rev: 9, text: null, version: null, senderId: 'moderator', clientMessageId: null, ...said });
export const answer = (bench: Bench, asked: { number: number } | undefined, value: unknown) =>
  bench.feed({ type: 'answered', number: Number(asked?.number), value });
export const down = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, n) => message(from - n));
export const up = (from: number, to: number) => down(to, from).reverse();

/** In a room of which one knows how far one has read; of the messages 1 to `count` those from `first` on are here. */
export function entered(lastReadSeq: number, count: number, first = 1, retentionDays = 30): Bench {
  const bench = new Bench({ syncs: true });
  const [sync] = requests(bench.feed({ type: 'up' }), 'sync');
  const room = { roomId: ROOM, retentionDays };
  const said = { roomId: ROOM, head: head(count), room, messages: [], unread: count - lastReadSeq };
  const rooms = [{ ...said, reset: true, left: false, more: false }];
  const [mine] = requests(answer(bench, sync, { rooms, token: 't', more: false, reset: true }), 'myRooms');
  answer(bench, mine, { items: [{ room, unread: count - lastReadSeq, lastReadSeq }], nextToken: null });
  const [read] = requests(bench.feed({ type: 'open', roomId: ROOM }), 'messages');
  answer(bench, read, { items: down(count, first), nextToken: first > 1 ? 't' : null, head: head(count) });
  const [changes] = requests(bench.feed({ type: 'subscribed', roomId: ROOM, number: 1 }), 'changes');
  answer(bench, changes, { items: [], nextToken: null, head: head(count), reset: false });
  return bench;
}

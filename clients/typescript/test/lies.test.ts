// A server that lies: repeats, foreign rooms, numbers that jump, heads that go back. Nothing is
// thrown, nothing reaches a room that it does not name, and one's own messages stay.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Effect, Event } from '../src/core/protocol.ts';
import { parseRefusal } from '../src/core/refusals.ts';
import type { Message } from '../src/wire/generated/types.ts';
import { Bench, head, message, ROOM } from './support.ts';

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const number = fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(-1, 2 ** 31 - 1, 2 ** 53 - 1));
const kinds = ['ROOM_UPDATED', 'MEMBER_ADDED', 'MEMBER_MUTED', 'NEW_KIND'];
const notice = fc.record({
  kind: fc.constantFrom(...kinds),
  userId: fc.constantFrom('me', 'x'),
  nextEpoch: maybe(number),
});

const lie: fc.Arbitrary<Message> = fc
  .record({
    seq: maybe(number),
    rev: maybe(number),
    epoch: maybe(number),
    id: fc.constantFrom('m1', 'm2', 'm3', '__proto__'),
    roomId: fc.constantFrom(ROOM, 'elsewhere', '__proto__'),
    senderId: fc.constantFrom('other', 'x'),
    clientMessageId: fc.constantFrom('mine', 'o1', null),
    notice: maybe(notice),
  })
  .map((said) => message(1, said));
const lies = fc.array(lie, { maxLength: 6 });
const page = fc
  .record({
    items: lies,
    seq: number,
    rev: number,
    epoch: number,
    reset: fc.boolean(),
    nextToken: maybe(fc.constant('t')),
  })
  .map(({ items, seq, rev, epoch, reset, nextToken }) => ({
    ...{ items, reset, nextToken, token: 't', more: nextToken !== null },
    head: { ...head(1), seq, rev, epoch },
    rooms: items.map(({ roomId }) => ({
      roomId,
      head: head(1),
      messages: items,
      unread: seq,
      reset,
      left: false,
      more: false,
    })),
    ...{ at: 'never', everySeconds: seq },
  }));
/** The same as `myRooms` has it. */
const mine = ({ rooms, nextToken }: { rooms: { roomId: string }[]; nextToken: string | null }) => ({
  items: rooms.map(({ roomId }) => ({
    room: { roomId },
    unread: -1,
    lastReadSeq: -1,
    lastMessage: message(1),
  })),
  nextToken,
});
const refusal = fc
  .constantFrom(
    'StaleEpoch epoch=3',
    'ServiceUnavailable',
    'RateLimited retryAfterMs=0',
    'InvalidInput',
    'Muted until=never',
    'New',
  )
  .map((text) => parseRefusal(text.split(' ')[0], `x [code=${text}]`));

test('nothing that a server says breaks the client or leaks between rooms', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(page, maybe(refusal), lies), { minLength: 5, maxLength: 40 }),
      (answers) => {
        const bench = new Bench({ syncs: true });
        const waiting: Effect[] = [];
        const feed = (event: Event) => waiting.push(...bench.feed(event));
        feed({ type: 'up' });
        feed({ type: 'open', roomId: ROOM });
        feed({ type: 'added', entry: bench.stored('mine') });
        for (const [value, refused, live] of answers) {
          const asked = waiting.shift();
          if (asked?.type === 'request' && asked.field !== 'sendMessage') {
            const { number: of } = asked;
            if (refused) feed({ type: 'refused', number: of, refusal: refused });
            else
              feed({ type: 'answered', number: of, value: asked.field === 'myRooms' ? mine(value) : value });
          } else if (asked?.type === 'subscribe') {
            const { roomId, number: of } = asked;
            if (refused) feed({ type: 'notSubscribed', roomId, number: of, refusal: refused });
            else feed({ type: 'subscribed', roomId, number: of });
          } else if (asked?.type === 'timer') feed({ type: 'due', key: asked.key });
          for (const each of live) feed({ type: 'live', message: each });
          expect(bench.room.messages.every(({ roomId, notice: no }) => roomId === ROOM && !no)).toBe(true);
          expect(new Set(bench.room.messages.map(({ id }) => id)).size).toBe(bench.room.messages.length);
          expect(bench.room.pending.map(({ clientMessageId }) => clientMessageId)).toEqual(['mine']);
          expect(bench.core.getRoom('elsewhere').messages).toEqual([]);
        }
      },
    ),
    { numRuns: 300 },
  );
});

// What stands in the timeline.
import type { Message, PendingMessage } from '@appsync-chat/client';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../src/timeline/rows.ts';

const START = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;

const message = (
  seq: number,
  senderId = 'bob',
  at = START + seq * 1_000,
  more: Partial<Message> = {},
): Message =>
  ({
    id: `m${seq}`,
    roomId: 'r',
    senderId,
    text: `text ${seq}`,
    ts: new Date(at).toISOString(),
    seq,
    clientMessageId: `c${seq}`,
    ...more,
  }) as Message;
const shown = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => (row.type === 'message' ? `${row.message.id}${row.isFollowing ? '+' : ''}` : row.type));

describe('rows', () => {
  test('a day begins with a line', () => {
    const nextDay = START + 24 * 60 * MINUTE;
    expect(shown(rowsOf([message(1), message(2, 'bob', nextDay)], [], null))).toEqual([
      'day',
      'm1',
      'day',
      'm2',
    ]);
  });

  test('messages of one person within five minutes follow one another', () => {
    const rows = rowsOf(
      [message(1), message(2), message(3, 'carol'), message(4, 'carol', START + 10 * MINUTE)],
      [],
      null,
    );
    expect(shown(rows)).toEqual(['day', 'm1', 'm2+', 'm3', 'm4']);
  });

  test('an answer has its name', () => {
    expect(
      shown(rowsOf([message(1), message(2, 'bob', START + 2_000, { replyTo: 'm1' })], [], null)),
    ).toEqual(['day', 'm1', 'm2']);
  });

  test('the unread line stands before the first unread message', () => {
    const rows = rowsOf([message(1), message(2, 'me'), message(3), message(4)], [], {
      seq: 2,
      id: 'm3',
      count: 2,
    });
    expect(shown(rows)).toEqual(['day', 'm1', 'm2', 'unread', 'm3', 'm4+']);
    expect(rows.find(({ type }) => type === 'unread')).toMatchObject({ count: 2 });
  });

  test('there is no unread line where all is read', () => {
    expect(shown(rowsOf([message(1), message(2)], [], null))).toEqual(['day', 'm1', 'm2+']);
  });

  test('what waits to be sent comes last, and keeps its row when it is stored', () => {
    const waiting = { clientMessageId: 'c2', roomId: 'r', text: 'x', status: 'waiting' } as PendingMessage;
    const before = rowsOf([message(1)], [waiting], null);
    const after = rowsOf([message(1), message(2, 'me')], [], null);
    expect(before.at(-1)?.key).toBe(after.at(-1)?.key);
  });

  test('keys are all different', () => {
    const rows = rowsOf([message(1), message(2)], [], { seq: 1, id: 'm1', count: 2 });
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });
});

// What is shown with messages, and of those that are only known to have been changed, or have expired.
import { describe, expect, test } from 'vitest';

import { unreachable } from '../src/core/refusals.ts';
import { answer, down, entered, live, notice, reduced, seqs } from './entered.ts';
import { type Bench, head, message, ROOM, requests, timers, types } from './support.ts';

const DAY_MS = 86_400_000;

describe('reactions', () => {
  const counts = (bench: Bench, seq: number) =>
    bench.room.messages.find((each) => each.seq === seq)?.reactions;
  const some = (count: number) => [{ emoji: '👍', count, userIds: ['x'] }];
  const told = (bench: Bench, rev: number, reactions: unknown, id = 'm2') =>
    notice(bench, { kind: 'REACTIONS_CHANGED', reactions: [{ id, rev, reactions }] });

  test('are as the newest notice says, and the message keeps its own revision', () => {
    const bench = entered(3, 3);
    expect(requests(told(bench, 8, some(2)), 'changes')).toEqual([]);
    told(bench, 6, some(1));
    expect([counts(bench, 2), bench.room.messages[1]?.rev]).toEqual([some(2), null]);
    live(bench, 2, { rev: 7, text: 'edited', reactions: some(1), version: 2 }); // lost on the way, and late
    expect([counts(bench, 2), bench.room.messages[1]?.text]).toEqual([some(2), 'edited']);
    told(bench, 9, []);
    expect(counts(bench, 2)).toBeNull();
    live(bench, 2, { rev: 12, reactions: some(5), version: 2 });
    told(bench, 11, some(3));
    expect(counts(bench, 2)).toEqual(some(5));
  });

  test('are read where a notice may not say them', () => {
    const bench = entered(3, 3);
    expect(requests(told(bench, 8, null), 'changes')).toHaveLength(1);
  });

  test('wait for a page that was read before them', () => {
    const bench = entered(200, 200, 151);
    const [older] = requests(bench.feed({ type: 'loadOlder', roomId: ROOM }));
    told(bench, 300, some(4), 'm120');
    answer(bench, older, { items: down(150, 101), nextToken: 't', head: head(200) });
    expect(counts(bench, 120)).toEqual(some(4));
  });
});

describe('a quote', () => {
  const quoted = (bench: Bench) => bench.room.messages.at(-1)?.quote;

  test('follows the message that it is of', () => {
    const bench = entered(3, 3);
    live(bench, 4, { replyTo: 'm2' });
    expect(quoted(bench)).toMatchObject({ id: 'm2', text: 'text 2', senderId: 'other' });
    live(bench, 2, { rev: 9, text: 'edited', version: 2 });
    expect(quoted(bench)).toMatchObject({ text: 'edited', rev: 9 });
    live(bench, 2, { rev: 8, text: 'stale', version: 2 });
    expect(quoted(bench)?.text).toBe('edited');
    live(bench, 4, { rev: 10, text: 'and this', version: 2 }); // an edit brings none, and nothing of what it answers
    expect(quoted(bench)?.text).toBe('edited');
    live(bench, 2, { rev: 11, text: null, removedAt: message(9).ts });
    expect(quoted(bench)).toMatchObject({ text: null, removedAt: message(9).ts });
  });

  test('of a message that is not here is read once', () => {
    const bench = entered(200, 200, 151);
    const [asked] = requests(live(bench, 201, { replyTo: 'm9' }));
    expect([asked?.field, asked?.variables]).toEqual(['messagesById', { roomId: ROOM, ids: ['m9'] }]);
    for (const seq of [202, 203]) live(bench, seq, { replyTo: `m${seq - 190}` });
    const next = answer(bench, asked, [message(9)]);
    expect(bench.room.messages.at(-3)?.quote?.text).toBe('text 9');
    const [more] = requests(next); // those that came meanwhile, at once
    expect(more?.variables.ids).toEqual(['m12', 'm13']);
    answer(bench, more, []);
    expect(requests(live(bench, 204, { replyTo: 'm12' }))).toEqual([]);
    expect(seqs(bench)[0]).toBe(151);
  });
});

describe('where the history is visible from joining', () => {
  test('an edit is read by its id, and a message that does not come is forgotten', () => {
    const bench = entered(3, 3);
    const [asked] = requests(bench.feed({ type: 'live', message: reduced(2) }));
    expect(asked?.variables).toEqual({ roomId: ROOM, ids: ['m2'] });
    expect(bench.room.messages[1]).toEqual(message(2)); // nothing of the event is the message's own
    bench.feed({ type: 'live', message: reduced(3, { rev: 10 }) });
    const edited = message(2, { rev: 9, text: 'edited', version: 2 });
    const [next] = requests(answer(bench, asked, [edited]));
    expect([bench.room.messages[1], next?.variables.ids]).toEqual([edited, ['m3']]);
    answer(bench, next, []);
    expect(seqs(bench)).toEqual([1, 2]);
  });

  test('what was read too soon, or was not answered, is read again after a pause', () => {
    const bench = entered(3, 3);
    const [asked] = requests(bench.feed({ type: 'live', message: reduced(2) }));
    const pause = answer(bench, asked, [message(2, { rev: 7, version: 2 })]);
    expect([requests(pause), timers(pause)]).toEqual([[], { [`lookup/${ROOM}`]: 250 }]);
    const [again] = requests(bench.feed({ type: 'due', key: `lookup/${ROOM}` }));
    expect(again?.variables.ids).toEqual(['m2']);
    const refused = bench.feed({ type: 'refused', number: Number(again?.number), refusal: unreachable() });
    expect(timers(refused)).toEqual({ [`lookup/${ROOM}`]: 500 });
  });

  test('a removal takes the text away, and leaves who had written it', () => {
    const bench = entered(3, 3);
    const removedAt = message(9).ts;
    expect(bench.feed({ type: 'live', message: reduced(2, { removedAt }) })).toEqual([]);
    expect(bench.room.messages[1]).toMatchObject({ text: null, removedAt, rev: 9, senderId: 'other' });
  });

  test('a room is read anew when another part of its history is visible', () => {
    const bench = entered(10, 10);
    const room = { roomId: ROOM, historyFrom: 'JOINING', historyRev: 4 };
    expect(requests(notice(bench, { room }), 'messages')).toEqual([]); // of before what was read
    expect(
      requests(notice(bench, { room: { ...room, historyRev: 11 }, nextEpoch: 2 }), 'messages'),
    ).toHaveLength(1);
    expect(bench.room.messages).toEqual([]);
  });
});

describe('what has expired', () => {
  const heard = (bench: Bench) => {
    const [beat] = requests(bench.feed({ type: 'due', key: 'heartbeat' }), 'heartbeat');
    return answer(bench, beat, { at: new Date(bench.now).toISOString(), everySeconds: 30, rooms: [] });
  };

  test('is hidden when its instant has passed, and so is its quote', () => {
    const bench = entered(3, 3, 1, 7);
    live(bench, 4, { replyTo: 'm1' });
    bench.now += 7 * DAY_MS - 1_000;
    expect(timers(heard(bench))).toMatchObject({ [`expiry/${ROOM}`]: 2_001 });
    expect(seqs(bench)).toEqual([1, 2, 3, 4]);
    bench.now += 2_001;
    bench.feed({ type: 'due', key: `expiry/${ROOM}` });
    expect([seqs(bench), bench.room.messages.at(-1)?.quote]).toEqual([[2, 3, 4], null]);
  });

  test('is told by the server’s clock alone, and by the room’s rule as it is now', () => {
    const bench = entered(3, 3, 1, 7);
    bench.now += 40 * DAY_MS; // the server has said nothing of the time
    live(bench, 4);
    bench.now -= 40 * DAY_MS;
    heard(bench);
    bench.now += 40 * DAY_MS; // our clock was set since it has
    live(bench, 4, { clientMessageId: 'o4', rev: 1, version: 2 });
    expect(seqs(bench)).toEqual([1, 2, 3, 4]);
    bench.now -= 34 * DAY_MS;
    heard(bench);
    expect(seqs(bench)).toEqual([1, 2, 3, 4]);
    notice(bench, { room: { roomId: ROOM, retentionDays: 5 } });
    expect(seqs(bench)).toEqual([]);
  });
});

test('a room that is closed asks for nothing any more', () => {
  const bench = entered(3, 3);
  bench.feed({ type: 'live', message: reduced(2) });
  bench.feed({ type: 'close', roomId: ROOM });
  expect(types(bench.feed({ type: 'due', key: `lookup/${ROOM}` }))).toEqual([]);
});

import { describe, expect, test } from 'vitest';

import type { Effect } from '../src/core/protocol.ts';
import { parseRefusal, unreachable } from '../src/core/refusals.ts';
import type { Message } from '../src/wire/generated/types.ts';
import { Bench, head, message, ROOM, requests, timers, types } from './support.ts';

const DAY_MS = 86_400_000;
const seqs = (bench: Bench) => bench.room.messages.map(({ seq }) => seq);
const live = (bench: Bench, seq: number, said: Partial<Message> = {}) =>
  bench.feed({ type: 'live', message: message(seq, said) });
const notice = (bench: Bench, said: object) =>
  live(bench, 0, { id: 'n', seq: null, text: null, notice: { kind: 'ROOM_UPDATED', ...said } });
/** A change where the history is visible from joining. */
const reduced = (seq: number, said: Partial<Message> = {}) =>
  message(seq, { rev: 9, text: null, version: null, senderId: 'moderator', clientMessageId: null, ...said });
const answer = (bench: Bench, asked: { number: number } | undefined, value: unknown) =>
  bench.feed({ type: 'answered', number: Number(asked?.number), value });
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, n) => message(from - n));
const up = (from: number, to: number) => down(to, from).reverse();

/** In a room of which one knows how far one has read; of the messages 1 to `count` those from `first` on are here. */
function entered(lastReadSeq: number, count: number, first = 1, retentionDays = 30): Bench {
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

describe('history', () => {
  test('goes on towards newer messages from the newest one here, and from the beginning of a jump', () => {
    const bench = entered(200, 200, 151);
    const [around] = requests(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'm60' }));
    expect([around?.field, around?.variables]).toEqual(['around', { roomId: ROOM, id: 'm60', limit: 50 }]);
    expect([bench.room.isJumping, seqs(bench)[0]]).toEqual([true, 151]); // until the page comes
    answer(bench, around, { items: up(35, 84), olderToken: 'o', newerToken: 'n', head: head(200) });
    const { hasOlder, hasNewer, isJumping, target } = bench.room;
    expect([seqs(bench)[0], hasOlder, hasNewer, isJumping, target]).toEqual([35, true, true, false, 'm60']);
    const [newer] = requests(bench.feed({ type: 'loadNewer', roomId: ROOM }));
    const bounds = { roomId: ROOM, after: message(84).ts, order: 'OLDEST_FIRST', limit: 50, nextToken: null };
    expect(newer?.variables).toEqual(bounds);
    expect(bench.feed({ type: 'loadNewer', roomId: ROOM })).toEqual([]);
  });

  test('is not asked for a message that is here, and jumps where a person opens the room at one', () => {
    const bench = entered(3, 3);
    expect(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'm2' })).toEqual([]);
    expect(bench.room.target).toBe('m2');
    const other = new Bench();
    other.feed({ type: 'open', roomId: ROOM });
    expect(other.feed({ type: 'jumpTo', roomId: ROOM, id: 'm9' })).toEqual([]);
    const effects = answer(other, { number: 1 }, { items: down(99, 50), nextToken: 't', head: head(99) });
    expect(requests(effects, 'around')[0]?.variables).toMatchObject({ id: 'm9' });
  });

  test('takes no page for a window that another has taken the place of', () => {
    const bench = entered(200, 200, 151);
    const [older] = requests(bench.feed({ type: 'loadOlder', roomId: ROOM }));
    const [first] = requests(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'm10' }));
    const [second] = requests(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'm90' }));
    answer(bench, second, { items: up(70, 110), olderToken: 'o', newerToken: 'n', head: head(200) });
    answer(bench, first, { items: up(1, 30), olderToken: null, newerToken: 'n', head: head(200) });
    answer(bench, older, { items: down(150, 101), nextToken: 't', head: head(200) });
    expect([seqs(bench)[0], seqs(bench).at(-1)]).toEqual([70, 110]);
  });

  test('says why a page did not come, and can be asked again', () => {
    const bench = entered(200, 200, 151);
    const [around] = requests(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'gone' }));
    const refusal = parseRefusal('InvalidInput', 'No. [code=InvalidInput argument=id]');
    bench.feed({ type: 'refused', number: Number(around?.number), refusal });
    expect([bench.room.pageRefusal?.code, bench.room.isJumping, seqs(bench)[0]]).toEqual([
      'InvalidInput',
      false,
      151,
    ]);
    expect(requests(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'm9' }))).toHaveLength(1);
  });

  test('comes back to the end where the person writes, and only counts what comes before that', () => {
    const bench = entered(200, 200, 151);
    const [around] = requests(bench.feed({ type: 'jumpTo', roomId: ROOM, id: 'm60' }));
    answer(bench, around, { items: up(35, 84), olderToken: 'o', newerToken: 'n', head: head(200) });
    for (const seq of [201, 202]) live(bench, seq);
    expect([seqs(bench).at(-1), bench.room.newMessages]).toEqual([84, 2]);
    const composed = { roomId: ROOM, text: 'mine', clientMessageId: 'mine' };
    const [end] = requests(bench.feed({ type: 'compose', message: composed }), 'messages');
    expect(end?.variables).toEqual({ roomId: ROOM, limit: 50, nextToken: null });
    expect(bench.feed({ type: 'jumpToEnd', roomId: ROOM })).toEqual([]); // it is under way
    live(bench, 203); // after the page was read
    answer(bench, end, { items: down(202, 153), nextToken: 't', head: head(202) });
    expect([seqs(bench)[0], seqs(bench).at(-1), bench.room.newMessages, bench.room.hasNewer]).toEqual([
      153,
      203,
      0,
      false,
    ]);
  });
});

describe('the unread line', () => {
  test('is before the first message that was not read at the opening, and stays there', () => {
    const bench = entered(7, 10);
    expect(bench.room.unreadLine).toEqual({ seq: 8, id: 'm8', count: 3 });
    bench.feed({ type: 'read', roomId: ROOM, seq: 10 });
    live(bench, 11);
    live(bench, 12, { senderId: 'me' });
    expect(bench.room.unreadLine).toEqual({ seq: 8, id: 'm8', count: 4 });
    const { unreadLine } = bench.room;
    live(bench, 3, { rev: 20 });
    expect(bench.room.unreadLine).toBe(unreadLine);
    bench.feed({ type: 'clearUnreadLine', roomId: ROOM });
    expect(bench.room.unreadLine).toBeNull();
    live(bench, 13);
    expect(bench.room.unreadLine).toBeNull();
  });

  test('is told by its number where it is outside of the window', () => {
    const bench = entered(20, 200, 151);
    expect(bench.room.unreadLine).toEqual({ seq: 21, id: null, count: 180 });
  });

  test('is not there where everything was read, whatever comes then', () => {
    const bench = entered(10, 10);
    live(bench, 11);
    expect(bench.room.unreadLine).toBeNull();
  });

  test('is not there where the person has read on another device, as a heartbeat says', () => {
    const bench = entered(7, 10);
    const [beat] = requests(bench.feed({ type: 'due', key: 'heartbeat' }), 'heartbeat');
    const state = { roomId: ROOM, seq: 10, rev: 10, epoch: 1, unread: 0, left: false };
    answer(bench, beat, { at: new Date(bench.now).toISOString(), everySeconds: 30, rooms: [state] });
    expect(bench.room.unreadLine?.seq).toBe(8); // fixed until the room is closed
    bench.feed({ type: 'close', roomId: ROOM });
    const [read] = requests(bench.feed({ type: 'open', roomId: ROOM }), 'messages');
    answer(bench, read, { items: down(10, 1), nextToken: null, head: head(10) });
    expect(bench.room.unreadLine).toBeNull();
  });

  test('is anew at the next opening, from where the person has read by then', () => {
    const bench = entered(7, 10);
    const [mark] = requests(bench.feed({ type: 'read', roomId: ROOM, seq: 9 }));
    answer(bench, mark, {});
    bench.feed({ type: 'close', roomId: ROOM });
    const [read] = requests(bench.feed({ type: 'open', roomId: ROOM }), 'messages');
    answer(bench, read, { items: down(10, 1), nextToken: null, head: head(10) });
    expect(bench.room.unreadLine).toEqual({ seq: 10, id: 'm10', count: 1 });
  });
});

describe('read marks by visibility', () => {
  const marks = (effects: readonly Effect[]) =>
    requests(effects, 'markRead').map(({ variables }) => variables.seq);

  test('are made for what is on the screen, and none while the page is hidden', () => {
    const bench = entered(0, 10);
    expect(marks(bench.feed({ type: 'visible', isVisible: false }))).toEqual([]);
    expect(marks(bench.feed({ type: 'shown', roomId: ROOM, seq: 8 }))).toEqual([]);
    expect(marks(bench.feed({ type: 'shown', roomId: ROOM, seq: 5 }))).toEqual([]); // scrolled, unseen
    expect(marks(bench.feed({ type: 'visible', isVisible: true }))).toEqual([5]);
  });

  test('are not made once the room is not on the screen any more', () => {
    const bench = entered(0, 10);
    bench.feed({ type: 'visible', isVisible: false });
    bench.feed({ type: 'shown', roomId: ROOM, seq: 8 });
    bench.feed({ type: 'shown', roomId: ROOM, seq: null });
    expect(marks(bench.feed({ type: 'visible', isVisible: true }))).toEqual([]);
    bench.feed({ type: 'shown', roomId: 'elsewhere', seq: 3 }); // not open
    expect(marks(bench.feed({ type: 'visible', isVisible: true }))).toEqual([]);
  });
});

describe('what the client has', () => {
  test('is said by heartbeats, and to a transport that takes it by itself', () => {
    const bench = new Bench({ confirms: true });
    bench.enter(3);
    const beat = () => bench.feed({ type: 'due', key: 'heartbeat' });
    const first = beat();
    expect(first[0]).toEqual({ type: 'delivered', roomId: ROOM, seq: 3 });
    const [asked] = requests(first, 'heartbeat');
    const at = new Date(bench.now).toISOString();
    answer(bench, asked, { at, everySeconds: 30, rooms: [] });
    live(bench, 4);
    for (let n = 0; n < 9; n += 1) {
      const effects = beat();
      expect(effects[0]).toEqual({ type: 'delivered', roomId: ROOM, seq: 4 });
      expect([requests(effects), timers(effects)]).toEqual([[], { heartbeat: 30_000 }]);
    }
    expect(requests(beat(), 'heartbeat')).toHaveLength(1);
  });
});

describe('an interruption', () => {
  const again = (bench: Bench, isResumed: boolean) => {
    bench.feed({ type: 'down', refusal: unreachable() });
    const [asked] = bench.feed({ type: 'up' }).filter(({ type }) => type === 'subscribe');
    return (missed: readonly number[]) => {
      for (const seq of missed) live(bench, seq);
      const number = asked?.type === 'subscribe' ? asked.number : 0;
      return requests(bench.feed({ type: 'subscribed', roomId: ROOM, number, isResumed }));
    };
  };

  test('costs no request where the other side has told what was missed', () => {
    const bench = new Bench();
    bench.enter(3);
    expect(again(bench, true)([4, 5])).toEqual([]);
    expect([bench.room.status, seqs(bench)]).toEqual(['live', [1, 2, 3, 4, 5]]);
    expect(again(bench, false)([])).toHaveLength(1);
  });

  test('is caught up all the same where something was missing before it', () => {
    const bench = new Bench();
    bench.enter(3);
    live(bench, 6);
    expect(again(bench, true)([7])).toHaveLength(1);
  });

  test('is caught up where it came in the middle of catching up', () => {
    const bench = new Bench();
    bench.enter(3);
    notice(bench, {});
    expect(again(bench, true)([])).toHaveLength(1);
  });
});

describe('reactions', () => {
  const counts = (bench: Bench, seq: number) =>
    bench.room.messages.find((each) => each.seq === seq)?.reactions;
  const some = (count: number) => [{ emoji: '👍', count, userIds: ['x'] }];
  const told = (bench: Bench, rev: number, reactions: unknown, id = 'm2') =>
    notice(bench, { kind: 'REACTIONS_CHANGED', reactions: [{ id, rev, reactions }] });

  test('are as the newest notice says, and the message keeps its own revision', () => {
    const bench = entered(3, 3);
    expect(told(bench, 8, some(2))).toEqual([]);
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
    bench.now += 40 * DAY_MS; // our clock was set: the server has said nothing of the time
    live(bench, 4);
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

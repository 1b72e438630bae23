// How somebody reads a room: history, the unread line, read marks, and interruptions.
import { describe, expect, test } from 'vitest';

import type { Effect } from '../src/core/protocol.ts';
import { parseRefusal, unreachable } from '../src/core/refusals.ts';
import { answer, down, entered, live, notice, seqs, up } from './entered.ts';
import { Bench, head, message, ROOM, requests, timers } from './support.ts';

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

  test('that are lost wait for a pause, or for the network, whatever happens meanwhile', () => {
    const bench = entered(0, 10);
    const lose = (effects: readonly Effect[]) => {
      const [mark] = requests(effects, 'markRead');
      const refusal = { code: 'Unreachable', sentence: '', values: {} } as const;
      return bench.feed({ type: 'refused', number: Number(mark?.number), refusal });
    };
    const lost = lose(bench.feed({ type: 'shown', roomId: ROOM, seq: 8 }));
    expect([marks(lost), timers(lost)]).toEqual([[], { [`mark/${ROOM}`]: 250 }]);
    expect(marks(bench.feed({ type: 'shown', roomId: ROOM, seq: 9 }))).toEqual([]);
    const again = bench.feed({ type: 'due', key: `mark/${ROOM}` });
    expect(marks(again)).toEqual([9]);
    lose(again);
    expect(marks(bench.feed({ type: 'network', isOnline: true }))).toEqual([9]);
  });
});

describe('what the client has', () => {
  test('is said by heartbeats, and to a transport that takes it by itself', () => {
    const bench = new Bench({ confirms: true });
    bench.enter(3);
    const beat = () => bench.feed({ type: 'due', key: 'heartbeat' }).filter(({ type }) => type !== 'load');
    const first = beat();
    expect(first.slice(0, 2)).toEqual([
      { type: 'here', status: 'ONLINE', watching: null },
      { type: 'delivered', roomId: ROOM, seq: 3 },
    ]);
    const [asked] = requests(first, 'heartbeat');
    const at = new Date(bench.now).toISOString();
    answer(bench, asked, { at, everySeconds: 30, rooms: [] });
    live(bench, 4);
    for (let n = 0; n < 9; n += 1) {
      const effects = beat();
      expect(effects[1]).toEqual({ type: 'delivered', roomId: ROOM, seq: 4 });
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

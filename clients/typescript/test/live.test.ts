// What is told beside messages: what happens to the person, who is writing, who has read, who people are, who is there.
import { describe, expect, test } from 'vitest';

import type { Effect } from '../src/core/protocol.ts';
import type { PersonEvent, Receipt, Typing } from '../src/wire/generated/types.ts';
import { Bench, message, ROOM, requests, START, timers } from './support.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const of = <Type extends Effect['type']>(effects: readonly Effect[], type: Type) =>
  effects.filter((each) => each.type === type) as Extract<Effect, { type: Type }>[];

describe('what happens to the person', () => {
  const happened = (id: string, kind: string, said: Partial<PersonEvent> = {}) =>
    ({
      type: 'mine',
      event: { userId: 'me', epoch: 1, id, kind, ts: iso(START), ...said } as PersonEvent,
    }) as const;

  /** A core that has asked for its epoch and subscribed; `sync` and `myRooms` are answered with nothing. */
  function subscribed() {
    const bench = new Bench({ syncs: true });
    const up = bench.feed({ type: 'up' });
    const me = Number(requests(up, 'me')[0]?.number);
    const page = { rooms: [], token: 't', more: false, reset: false };
    bench.feed({ type: 'answered', number: Number(requests(up, 'sync')[0]?.number), value: page });
    const asked = bench.feed({ type: 'answered', number: me, value: { userId: 'me', epoch: 3 } });
    const [{ number } = { number: 0 }] = of(asked, 'subscribeMine');
    const quiet = () => {
      const sync = requests(bench.feed({ type: 'due', key: 'sync' }), 'sync');
      for (const each of sync) bench.feed({ type: 'answered', number: each.number, value: page });
    };
    return { bench, asked, number, page, quiet };
  }

  const settle = (bench: Bench, effects: readonly Effect[], page: object) => {
    for (const { number } of requests(effects, 'sync')) bench.feed({ type: 'answered', number, value: page });
  };

  test('is subscribed to with the epoch that `me` tells, and looked at once more', () => {
    const { bench, asked, number } = subscribed();
    expect(of(asked, 'subscribeMine')).toEqual([{ type: 'subscribeMine', userId: 'me', epoch: 3, number }]);
    const effects = bench.feed({ type: 'mineSubscribed', number });
    expect(requests(effects, 'sync')).toHaveLength(1);
    expect(timers(effects)['mine/look']).toBe(10_000);
  });

  test('follows the epoch that a refusal names, once', () => {
    const { bench, number } = subscribed();
    const refusal = { code: 'StaleEpoch', epoch: 5, sentence: '', values: {} } as const;
    const again = bench.feed({ type: 'mineNotSubscribed', number, refusal });
    expect(of(again, 'subscribeMine')[0]).toMatchObject({ epoch: 5, number: number + 1 });
    const second = bench.feed({ type: 'mineNotSubscribed', number: number + 1, refusal });
    expect(of(second, 'subscribeMine')).toEqual([]);
    expect(timers(second).mine).toBeGreaterThan(0);
  });

  test('is not asked for again for long where the deployment does not tell it', () => {
    const { bench, number } = subscribed();
    const refusal = { code: 'NotAllowed', reason: 'publishedBySender', sentence: '', values: {} } as const;
    expect(timers(bench.feed({ type: 'mineNotSubscribed', number, refusal })).mine).toBe(1_800_000);
    bench.feed({ type: 'down', refusal: { code: 'Unreachable', sentence: '', values: {} } });
    expect(of(bench.feed({ type: 'up' }), 'subscribeMine')).toEqual([]);
    bench.now += 1_800_001;
    expect(of(bench.feed({ type: 'due', key: 'mine' }), 'subscribeMine')).toHaveLength(1);
  });

  test('says that their data was asked for, which no sync says', () => {
    const { bench, number, page } = subscribed();
    settle(bench, bench.feed({ type: 'mineSubscribed', number }), page);
    expect(bench.core.getSnapshot().dataRequested).toBeNull();
    expect(bench.feed(happened('request.x', 'DATA_REQUESTED', { userId: 'other' }))).toEqual([]);
    expect(bench.core.getSnapshot().dataRequested).toBeNull();
    expect(bench.feed(happened('request.r', 'DATA_REQUESTED'))).toEqual([]);
    const { dataRequested } = bench.core.getSnapshot();
    bench.feed(happened('request.r', 'DATA_REQUESTED'));
    bench.feed(happened('a', 'MENTIONED'));
    expect([dataRequested, bench.core.getSnapshot().dataRequested]).toEqual(['request.r', 'request.r']);
    bench.feed(happened('request.s', 'DATA_REQUESTED'));
    expect(bench.core.getSnapshot().dataRequested).toBe('request.s');
  });

  test('is a hint to look, once for each id, and of nobody else', () => {
    const { bench, number, page } = subscribed();
    settle(bench, bench.feed({ type: 'mineSubscribed', number }), page);
    const first = bench.feed(happened('a', 'MENTIONED'));
    expect(requests(first, 'sync')).toHaveLength(1);
    settle(bench, first, page);
    expect(bench.feed(happened('a', 'MENTIONED'))).toEqual([]);
    expect(bench.feed(happened('b', 'MENTIONED', { userId: 'other' }))).toEqual([]);
  });

  test('is looked at again when a quiet time is over', () => {
    const { bench, number, page } = subscribed();
    settle(bench, bench.feed({ type: 'mineSubscribed', number }), page);
    const effects = bench.feed(happened('a', 'MOVED', { quietUntil: iso(START + 7_000) }));
    expect(timers(effects)['mine/look']).toBe(7_500);
    settle(bench, effects, page);
    expect(requests(bench.feed({ type: 'due', key: 'mine/look' }), 'sync')).toHaveLength(1);
  });

  test('brings an invitation, and takes it away', () => {
    const { bench, number, page } = subscribed();
    settle(bench, bench.feed({ type: 'mineSubscribed', number }), page);
    const mine = (items: readonly object[], effects: readonly Effect[]) => {
      settle(bench, effects, page);
      const [asked] = requests(effects, 'myRooms');
      bench.feed({ type: 'answered', number: Number(asked?.number), value: { items, nextToken: null } });
      return bench.core.getSnapshot().rooms;
    };
    const room = { roomId: 'garden', name: 'The garden' };
    const invited = { room, unread: 0, unreadMentions: 0, lastReadSeq: 0, invitation: { userId: 'me' } };
    const rooms = mine([invited], bench.feed(happened('a', 'INVITED', { roomId: 'garden' })));
    expect(rooms).toMatchObject([{ roomId: 'garden', isInvitation: true }]);
    expect(mine([], bench.feed(happened('b', 'REMOVED', { roomId: 'garden' })))).toEqual([]);
  });

  test('remembers no more ids than it has to', () => {
    const { bench, number, page } = subscribed();
    settle(bench, bench.feed({ type: 'mineSubscribed', number }), page);
    for (let n = 0; n < 300; n += 1) settle(bench, bench.feed(happened(`e${n}`, 'MENTIONED')), page);
    expect(bench.feed(happened('e299', 'MENTIONED'))).toEqual([]);
    expect(requests(bench.feed(happened('e0', 'MENTIONED')), 'sync')).toHaveLength(1);
  });
});

describe('who is writing', () => {
  const writes = (userId: string, inMs = 6_000, roomId = ROOM) =>
    ({
      type: 'typing',
      typing: { roomId, userId, epoch: 1, expiresAt: iso(START + inMs) } as Typing,
    }) as const;

  test('counts until it expires, and never oneself', () => {
    const bench = new Bench();
    expect(timers(bench.feed(writes('bob')))).toEqual({ 'typing/lobby': 6_000 });
    bench.feed(writes('me'));
    bench.feed(writes('carol', 8_000));
    expect(bench.core.getTyping(ROOM)).toEqual(['bob', 'carol']);
    bench.now += 6_000;
    expect(timers(bench.feed({ type: 'due', key: 'typing/lobby' }))).toEqual({ 'typing/lobby': 2_000 });
    expect(bench.core.getTyping(ROOM)).toEqual(['carol']);
    bench.now += 2_000;
    bench.feed({ type: 'due', key: 'typing/lobby' });
    expect(bench.core.getTyping(ROOM)).toEqual([]);
  });

  test('ends with the message, with the connection and with the room', () => {
    const bench = new Bench();
    const others = () => bench.core.getTyping(ROOM);
    bench.feed(writes('other'));
    bench.feed({ type: 'live', message: message(1) });
    expect(others()).toEqual([]);
    bench.feed(writes('bob'));
    bench.feed({ type: 'down', refusal: { code: 'Unreachable', sentence: '', values: {} } });
    expect(others()).toEqual([]);
    bench.feed(writes('bob'));
    bench.feed({ type: 'close', roomId: ROOM });
    expect(others()).toEqual([]);
  });

  test('is the same array until it changes, and believes no instant far ahead', () => {
    const bench = new Bench();
    bench.feed(writes('bob', 86_400_000));
    const before = bench.core.getTyping(ROOM);
    bench.feed(writes('bob', 86_400_000));
    expect(bench.core.getTyping(ROOM)).toBe(before);
    bench.now += 30_000;
    bench.feed({ type: 'due', key: 'typing/lobby' });
    expect(bench.core.getTyping(ROOM)).toEqual([]);
  });

  test('is said once in three seconds, while there is a connection', () => {
    const bench = new Bench();
    const said = () => requests(bench.feed({ type: 'type', roomId: ROOM }), 'typing').length;
    expect(said()).toBe(0);
    bench.feed({ type: 'up' });
    expect([said(), said()]).toEqual([1, 0]);
    bench.now += 3_000;
    expect(said()).toBe(1);
    bench.now -= 60_000; // the clock was set back
    expect(said()).toBe(1);
  });
});

describe('people', () => {
  const ask = (bench: Bench) => requests(bench.feed({ type: 'due', key: `people/${ROOM}` }), 'people');
  const person = (userId: string) => ({ userId, name: userId.toUpperCase() });

  test('are asked for together, a hundred at once, one request after the other', () => {
    const bench = new Bench();
    const ids = Array.from({ length: 150 }, (_, n) => `p${n}`);
    expect(timers(bench.feed({ type: 'want', roomId: ROOM, ids }))).toEqual({ [`people/${ROOM}`]: 10 });
    bench.feed({ type: 'want', roomId: ROOM, ids: ['p1', 'q'] });
    const [first] = ask(bench);
    expect(first?.variables.ids).toHaveLength(100);
    expect(ask(bench)).toEqual([]);
    bench.feed({ type: 'answered', number: Number(first?.number), value: [person('p0')] });
    const [second] = ask(bench);
    expect(second?.variables.ids).toHaveLength(51);
    expect(bench.core.getPeople(ROOM).get('p0')?.name).toBe('P0');
  });

  test('of whom nothing is told are not asked for again soon, and others when they are old', () => {
    const bench = new Bench();
    bench.feed({ type: 'want', roomId: ROOM, ids: ['a', 'nobody'] });
    bench.feed({ type: 'answered', number: Number(ask(bench)[0]?.number), value: [person('a')] });
    const before = bench.core.getPeople(ROOM);
    expect(bench.feed({ type: 'want', roomId: ROOM, ids: ['a', 'nobody'] })).toEqual([]);
    expect(bench.core.getPeople(ROOM)).toBe(before);
    bench.now += 600_001;
    bench.feed({ type: 'want', roomId: ROOM, ids: ['a'] });
    expect(ask(bench)[0]?.variables.ids).toEqual(['a']);
    expect(bench.core.getPeople(ROOM).get('a')?.name).toBe('A'); // shown as they were, meanwhile
  });

  test('are asked for again after a failure, and not where one is no member', () => {
    const bench = new Bench();
    bench.feed({ type: 'want', roomId: ROOM, ids: ['a'] });
    const refuse = (code: 'ServiceUnavailable' | 'NotRoomMember') =>
      bench.feed({
        type: 'refused',
        number: Number(ask(bench)[0]?.number),
        refusal: { code, sentence: '', values: {} },
      });
    expect(timers(refuse('ServiceUnavailable'))[`people/${ROOM}`]).toBeGreaterThan(0);
    expect(refuse('NotRoomMember')).toEqual([]);
    expect(ask(bench)).toEqual([]);
  });

  test('of all rooms are kept within bounds', () => {
    const bench = new Bench();
    for (let round = 0; round < 25; round += 1) {
      const ids = Array.from({ length: 100 }, (_, n) => `p${round}.${n}`);
      bench.feed({ type: 'want', roomId: ROOM, ids });
      bench.feed({ type: 'answered', number: Number(ask(bench)[0]?.number), value: ids.map(person) });
    }
    expect(bench.core.getPeople(ROOM).size).toBe(2_000);
    expect(bench.core.getPeople(ROOM).has('p24.99')).toBe(true);
  });
});

describe('who has it', () => {
  const receipt = (readSeq: number) =>
    ({
      type: 'receipt',
      receipt: { roomId: ROOM, userId: 'bob', readSeq, deliveredSeq: readSeq } as Receipt,
    }) as const;
  const ask = (bench: Bench) => requests(bench.feed({ type: 'due', key: `receipts/${ROOM}` }), 'receipts')[0];
  const answer = (
    bench: Bench,
    asked: { readonly number: number } | undefined,
    confirmation: object | null,
  ) => bench.feed({ type: 'answered', number: Number(asked?.number), value: { items: [], confirmation } });

  test('is asked for the message that is shown, and again when somebody has read it', () => {
    const bench = new Bench();
    bench.feed({ type: 'up' });
    expect(timers(bench.feed({ type: 'confirm', roomId: ROOM, seq: 5 }))).toEqual({
      [`receipts/${ROOM}`]: 1_500,
    });
    expect(bench.feed({ type: 'confirm', roomId: ROOM, seq: 5 })).toEqual([]);
    answer(bench, ask(bench), { seq: 5, delivered: 1, read: 0, of: 2 });
    expect(bench.core.getConfirmation(ROOM)).toEqual({ seq: 5, delivered: 1, read: 0, of: 2 });
    expect(bench.feed(receipt(4))).toEqual([]);
    expect(timers(bench.feed(receipt(5)))).toEqual({ [`receipts/${ROOM}`]: 1_500 });
  });

  test('is asked for no more when everybody has read it, or nobody counts', () => {
    for (const confirmation of [{ seq: 5, delivered: 2, read: 2, of: 2 }, null]) {
      const bench = new Bench();
      bench.feed({ type: 'up' });
      bench.feed({ type: 'confirm', roomId: ROOM, seq: 5 });
      expect(timers(answer(bench, ask(bench), confirmation))).toEqual({});
      expect(bench.feed(receipt(5))).toEqual([]);
    }
  });

  test('is not asked for while nobody sees it, and soon after somebody does', () => {
    const bench = new Bench();
    bench.feed({ type: 'up' });
    bench.feed({ type: 'confirm', roomId: ROOM, seq: 5 });
    bench.feed({ type: 'visible', isVisible: false });
    expect(ask(bench)).toBe(undefined);
    expect(timers(bench.feed({ type: 'visible', isVisible: true }))).toMatchObject({
      [`receipts/${ROOM}`]: 1_500,
    });
    expect(ask(bench)).toMatchObject({ field: 'receipts' });
  });

  test('of a message that is not shown any more changes nothing', () => {
    const bench = new Bench();
    bench.feed({ type: 'up' });
    bench.feed({ type: 'confirm', roomId: ROOM, seq: 5 });
    const asked = ask(bench);
    bench.feed({ type: 'confirm', roomId: ROOM, seq: 6 });
    answer(bench, asked, { seq: 5, delivered: 2, read: 2, of: 2 });
    expect(bench.core.getConfirmation(ROOM)).toBe(null);
    bench.feed({ type: 'confirm', roomId: ROOM, seq: null });
    expect(ask(bench)).toBe(undefined);
  });
});

describe('where the person is', () => {
  test('is said soon after it has changed, and not at each glance', () => {
    const bench = new Bench();
    bench.enter(2);
    const beat = () => requests(bench.feed({ type: 'due', key: 'heartbeat' }), 'heartbeat')[0]?.variables;
    expect(beat()).toMatchObject({ status: 'ONLINE', watching: null });
    expect(timers(bench.feed({ type: 'shown', roomId: ROOM, seq: 2 })).heartbeat).toBe(1_000);
    expect(beat()).toMatchObject({ status: 'ONLINE', watching: ROOM });
    expect(timers(bench.feed({ type: 'shown', roomId: ROOM, seq: 2 })).heartbeat).toBe(undefined);
    expect(timers(bench.feed({ type: 'visible', isVisible: false })).heartbeat).toBe(1_000);
    expect(beat()).toMatchObject({ status: 'AWAY', watching: null });
  });
});

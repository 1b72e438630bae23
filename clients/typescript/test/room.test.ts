import { describe, expect, test } from 'vitest';

import { parseRefusal, unreachable } from '../src/core/refusals.ts';
import { Bench, head, message, ROOM, requests, timers, types } from './support.ts';

const stale = (epoch: number) => parseRefusal('StaleEpoch', `Why. [code=StaleEpoch epoch=${epoch}]`);
const notMember = parseRefusal('NotRoomMember', 'Why. [code=NotRoomMember]');
const page = (seqs: number[], to: number, said = {}) => ({
  items: seqs.map((seq) => message(seq)),
  nextToken: null,
  head: head(to),
  reset: false,
  ...said,
});
const seqs = (bench: Bench) => bench.room.messages.map(({ seq }) => seq);
const subscriptions = (effects: readonly { type: string }[]) =>
  effects.filter(({ type }) => type === 'subscribe');

describe('an open room', () => {
  test('is read, then subscribed under its epoch, then caught up from the head that was read', () => {
    const bench = new Bench();
    bench.feed({ type: 'up' });
    const [read] = requests(bench.feed({ type: 'open', roomId: ROOM }));
    expect([read?.field, read?.variables]).toEqual([
      'messages',
      { roomId: ROOM, limit: 50, nextToken: null },
    ]);
    const first = { ...page([2, 1], 2), head: head(2, { epoch: 7 }) };
    const effects = bench.feed({ type: 'answered', number: 1, value: first });
    expect(effects).toEqual([{ type: 'subscribe', roomId: ROOM, epoch: 7, number: 1 }]);
    const [changes] = requests(bench.feed({ type: 'subscribed', roomId: ROOM, number: 1 }));
    const bounds = { roomId: ROOM, since: 2, after: head(2).ts, limit: 100, nextToken: null };
    expect([changes?.field, changes?.variables]).toEqual(['changes', bounds]);
    expect(bench.room.status).toBe('catchingUp');
    bench.feed({ type: 'answered', number: 2, value: page([3], 3, { head: head(3, { epoch: 7 }) }) });
    expect([bench.room.status, seqs(bench)]).toEqual(['live', [1, 2, 3]]);
  });

  test('catches up when a number is missing, once for however many', () => {
    const bench = new Bench();
    bench.enter(2);
    const [changes] = requests(bench.feed({ type: 'live', message: message(5) }));
    expect(changes?.variables).toMatchObject({ since: 2, after: head(2).ts });
    expect(requests(bench.feed({ type: 'live', message: message(7) }))).toEqual([]);
    const again = bench.feed({
      type: 'answered',
      number: Number(changes?.number),
      value: page([3, 4, 5], 5),
    });
    expect(requests(again)[0]?.variables).toMatchObject({ since: 5 });
  });

  test('goes on to the last page of changes, with a pause where one is empty', () => {
    const bench = new Bench();
    bench.enter(2);
    const [first] = requests(bench.feed({ type: 'live', message: message(5) }));
    const more = bench.feed({
      type: 'answered',
      number: Number(first?.number),
      value: page([3], 5, { nextToken: 't' }),
    });
    const [second] = requests(more);
    expect(second?.variables).toMatchObject({ since: 2, nextToken: 't' });
    const empty = page([], 5, { nextToken: 'u' });
    const pause = bench.feed({ type: 'answered', number: Number(second?.number), value: empty });
    expect([requests(pause), timers(pause)]).toEqual([[], { [`room/${ROOM}`]: 250 }]);
    const third = bench.feed({ type: 'due', key: `room/${ROOM}` });
    expect(requests(third)[0]?.variables).toMatchObject({ since: 2, nextToken: 'u' });
  });

  test('subscribes again with the epoch that a notice tells, and catches up', () => {
    const bench = new Bench();
    const number = bench.enter(2);
    const notice = { kind: 'MEMBER_REMOVED', userId: 'other', nextEpoch: 2 };
    const effects = bench.feed({ type: 'live', message: message(0, { seq: null, notice }) });
    expect(effects).toEqual([{ type: 'subscribe', roomId: ROOM, epoch: 2, number: number + 1 }]);
    expect(bench.feed({ type: 'subscribed', roomId: ROOM, number })).toEqual([]); // the one before
    const caughtUp = bench.feed({ type: 'subscribed', roomId: ROOM, number: number + 1 });
    expect(requests(caughtUp, 'changes')).toHaveLength(1);
  });

  test('subscribes again with the epoch that changes, a heartbeat or a refusal tell', () => {
    const epoch3 = head(2, { epoch: 3 });
    const bench = new Bench();
    const number = bench.enter(2);
    const [changes] = requests(bench.feed({ type: 'live', message: message(5) }));
    const answer = { type: 'answered', number: Number(changes?.number) } as const;
    const told = bench.feed({ ...answer, value: page([], 2, { head: epoch3 }) });
    expect(told).toMatchObject([{ type: 'subscribe', epoch: 3 }]);
    const refused = { type: 'notSubscribed', roomId: ROOM, number: number + 1 } as const;
    expect(bench.feed({ ...refused, refusal: stale(4) })).toMatchObject([{ type: 'subscribe', epoch: 4 }]);
    // A server that never agrees is not asked without pauses.
    const again = bench.feed({ ...refused, number: number + 2, refusal: stale(5) });
    expect([subscriptions(again), types(again)]).toEqual([[], ['timer']]);
  });

  test('finds a lost last message, edit or epoch by the heartbeat', () => {
    const bench = new Bench({ deviceId: 'd' });
    bench.enter(2);
    const [beat] = requests(bench.feed({ type: 'due', key: 'heartbeat' }));
    const rooms = [{ roomId: ROOM, seq: 2, ts: message(2).ts }];
    expect([beat?.field, beat?.variables]).toEqual([
      'heartbeat',
      { status: 'ONLINE', watching: null, deviceId: 'd', rooms },
    ]);
    const state = { roomId: ROOM, seq: 2, rev: 2, epoch: 1, left: false };
    const answer = (number: number, said: object) =>
      bench.feed({
        type: 'answered',
        number,
        value: { at: new Date(bench.now).toISOString(), everySeconds: 30, rooms: [{ ...state, ...said }] },
      });
    expect(requests(answer(Number(beat?.number), {}))).toEqual([]);
    const [second] = requests(bench.feed({ type: 'due', key: 'heartbeat' }));
    expect(requests(answer(Number(second?.number), { rev: 3 }), 'changes')).toHaveLength(1);
    const [third] = requests(bench.feed({ type: 'due', key: 'heartbeat' }));
    expect(subscriptions(answer(Number(third?.number), { epoch: 2 }))).toHaveLength(1);
  });

  test.each([
    ['ROOM_DELETED', null],
    ['MEMBER_REMOVED', 'me'],
    ['MEMBER_BANNED', 'me'],
    ['MEMBER_LEFT', 'me'],
  ])('is forgotten at %s', (kind, userId) => {
    const bench = new Bench();
    bench.enter(2);
    const notice = { kind, userId, nextEpoch: 2 };
    expect(types(bench.feed({ type: 'live', message: message(0, { seq: null, notice }) }))).toEqual([
      'unsubscribe',
    ]);
    expect([bench.room.status, bench.room.messages]).toEqual(['left', []]);
  });

  test('does not believe a notice of an epoch that is over', () => {
    const bench = new Bench();
    bench.enter(2);
    bench.feed({
      type: 'live',
      message: message(0, { seq: null, notice: { kind: 'MEMBER_LEFT', userId: 'x', nextEpoch: 2 } }),
    });
    const old = { kind: 'MEMBER_REMOVED', userId: 'me', nextEpoch: 2 };
    bench.feed({ type: 'live', message: message(0, { seq: null, epoch: 1, notice: old }) });
    expect(bench.room.status).not.toBe('left');
  });

  test('is forgotten where reading says that the person is not in it', () => {
    const bench = new Bench();
    bench.feed({ type: 'open', roomId: ROOM });
    bench.feed({ type: 'refused', number: 1, refusal: notMember });
    expect(bench.room.status).toBe('left');
  });

  test('forgets its messages at reset, and is read anew', () => {
    const bench = new Bench();
    bench.enter(2);
    const [changes] = requests(bench.feed({ type: 'live', message: message(2_000) }));
    const effects = bench.feed({
      type: 'answered',
      number: Number(changes?.number),
      value: page([], 2_000, { reset: true }),
    });
    expect(requests(effects, 'messages')).toHaveLength(1);
    expect(bench.room.messages).toEqual([]);
  });

  test('subscribes and catches up after each connection, from the head that it has', () => {
    const bench = new Bench();
    const number = bench.enter(2);
    bench.feed({ type: 'live', message: message(3) });
    bench.feed({ type: 'down', refusal: unreachable() });
    expect(bench.room.status).toBe('offline');
    const effects = bench.feed({ type: 'up' });
    expect(subscriptions(effects)).toMatchObject([{ epoch: 1, number: number + 1 }]);
    const [changes] = requests(bench.feed({ type: 'subscribed', roomId: ROOM, number: number + 1 }));
    expect(changes?.variables).toMatchObject({ since: 2, after: head(2).ts }); // live events do not move it
  });

  test('takes no answer for a reading that is over', () => {
    const bench = new Bench();
    bench.enter(2);
    const [old] = requests(bench.feed({ type: 'live', message: message(5) }));
    bench.feed({ type: 'down', refusal: unreachable() });
    bench.feed({ type: 'up' });
    bench.feed({ type: 'answered', number: Number(old?.number), value: page([3, 4, 5], 5) });
    expect(bench.room.status).toBe('catchingUp');
  });

  test('reads older pages until one has messages', () => {
    const bench = new Bench();
    bench.feed({ type: 'open', roomId: ROOM });
    bench.feed({ type: 'answered', number: 1, value: { ...page([10, 9], 10), nextToken: 't' } });
    const [first] = requests(bench.feed({ type: 'loadOlder', roomId: ROOM }));
    expect(first?.variables).toMatchObject({ before: message(9).ts, nextToken: null });
    expect([bench.room.isLoadingOlder, bench.feed({ type: 'loadOlder', roomId: ROOM })]).toEqual([true, []]);
    const [second] = requests(
      bench.feed({
        type: 'answered',
        number: Number(first?.number),
        value: { ...page([], 10), nextToken: 'u' },
      }),
    );
    expect(second?.variables).toMatchObject({ before: message(9).ts, nextToken: 'u' });
    bench.feed({ type: 'answered', number: Number(second?.number), value: page([8, 7], 10) });
    expect([seqs(bench), bench.room.hasOlder, bench.room.isLoadingOlder]).toEqual([
      [7, 8, 9, 10],
      false,
      false,
    ]);
  });

  test('of a transport that follows epochs by itself is subscribed once', () => {
    const bench = new Bench({ followsEpochs: true });
    bench.enter(2);
    const notice = { kind: 'MEMBER_REMOVED', userId: 'other', nextEpoch: 2 };
    const effects = bench.feed({ type: 'live', message: message(0, { seq: null, notice }) });
    expect([subscriptions(effects), requests(effects, 'changes').length]).toEqual([[], 1]);
  });

  test('that is closed is neither heard nor kept', () => {
    const bench = new Bench();
    bench.enter(2);
    expect(types(bench.feed({ type: 'close', roomId: ROOM }))).toEqual(['unsubscribe']);
    bench.feed({ type: 'live', message: message(3) });
    expect(bench.room.messages).toEqual([]);
  });
});

describe('the connection', () => {
  test('comes again after pauses that grow, at once when the network does, and not without a network', () => {
    const bench = new Bench();
    expect(types(bench.feed({ type: 'start' }))).toContain('connect');
    const down = () => timers(bench.feed({ type: 'down', refusal: unreachable() }));
    expect(down()).toEqual({ connect: 250 });
    expect(types(bench.feed({ type: 'due', key: 'connect' }))).toContain('connect');
    expect(down()).toEqual({ connect: 500 });
    expect(types(bench.feed({ type: 'network', isOnline: true }))).toContain('connect');
    bench.feed({ type: 'network', isOnline: false });
    expect(down()).toEqual({});
    expect(types(bench.feed({ type: 'network', isOnline: true }))).toContain('connect');
  });
});

describe('a read mark', () => {
  test('is merged with those that come while one is under way, and never goes back', () => {
    const bench = new Bench();
    const [first] = requests(bench.feed({ type: 'read', roomId: ROOM, seq: 3 }));
    expect(first?.variables).toEqual({ roomId: ROOM, seq: 3 });
    for (const seq of [4, 9, 5])
      expect(requests(bench.feed({ type: 'read', roomId: ROOM, seq }))).toEqual([]);
    const [second] = requests(bench.feed({ type: 'answered', number: 1, value: {} }));
    expect(second?.variables).toEqual({ roomId: ROOM, seq: 9 });
    expect(timers(bench.feed({ type: 'refused', number: 2, refusal: unreachable() }))).toEqual({
      [`mark/${ROOM}`]: 250,
    });
    expect(requests(bench.feed({ type: 'due', key: `mark/${ROOM}` }))[0]?.variables).toEqual({
      roomId: ROOM,
      seq: 9,
    });
    bench.feed({ type: 'answered', number: 3, value: {} });
    expect(bench.feed({ type: 'read', roomId: ROOM, seq: 2 })).toEqual([]);
  });
});

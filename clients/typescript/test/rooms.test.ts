import { describe, expect, test } from 'vitest';
import { parseRefusal } from '../src/core/refusals.ts';
import { Views } from '../src/core/views.ts';
import { Bench, head, message, ROOM, requests, timers } from './support.ts';

const room = (roomId: string, said = {}) => ({
  roomId,
  head: head(2),
  messages: [],
  unread: 1,
  reset: false,
  left: false,
  more: false,
  ...said,
});
const sync = (rooms: object[], said = {}) => ({ rooms, token: 't1', more: false, reset: false, ...said });
const ids = (bench: Bench) => bench.core.getSnapshot().rooms.map(({ roomId }) => roomId);

/** A bench that has synced once, with these rooms; and the number of its next request. */
function synced(...rooms: object[]) {
  const bench = new Bench({ syncs: true });
  const [first] = requests(bench.feed({ type: 'up' }), 'sync');
  expect(first?.variables).toMatchObject({ since: null });
  bench.feed({ type: 'answered', number: Number(first?.number), value: sync(rooms, { reset: true }) });
  return bench;
}

describe('the list of rooms', () => {
  test('is asked for with the token of the last answer, until there is no more', () => {
    const bench = synced(room('a'), room('b'));
    const [next] = requests(bench.feed({ type: 'poked' }), 'sync');
    expect(next?.variables).toMatchObject({ since: 't1' });
    const answer = sync([room('a', { more: true })], { token: 't2', more: true });
    const [further] = requests(bench.feed({ type: 'answered', number: Number(next?.number), value: answer }));
    expect(further?.variables).toMatchObject({ since: 't2' });
    const done = bench.feed({ type: 'answered', number: Number(further?.number), value: sync([]) });
    expect(timers(done)).toEqual({ sync: 60_000 });
  });

  test('forgets rooms that were left, and those that a round from the beginning does not name', () => {
    const bench = synced(room('a'), room('b'), room('c'));
    const [next] = requests(bench.feed({ type: 'poked' }), 'sync');
    bench.feed({
      type: 'answered',
      number: Number(next?.number),
      value: sync([room('b', { left: true, head: null })]),
    });
    expect(ids(bench)).toEqual(['a', 'c']);
    const [again] = requests(bench.feed({ type: 'poked' }), 'sync');
    bench.feed({
      type: 'answered',
      number: Number(again?.number),
      value: sync([room('c')], { reset: true }),
    });
    expect(ids(bench)).toEqual(['c']);
  });

  test('has the newest message in its newest state', () => {
    const bench = synced(room(ROOM));
    const feed = (...messages: object[]) => {
      const [next] = requests(bench.feed({ type: 'poked' }), 'sync');
      bench.feed({ type: 'answered', number: Number(next?.number), value: sync([room(ROOM, { messages })]) });
      return bench.core.getSnapshot().rooms[0]?.lastMessage?.text;
    };
    expect(feed(message(2))).toBe('text 2');
    expect(feed(message(1, { rev: 5 }), message(3))).toBe('text 3');
    expect(feed(message(3, { rev: 6, text: 'edited' }))).toBe('edited');
    expect(feed(message(3, { rev: 5, text: 'stale' }))).toBe('edited');
  });

  test('begins anew where its token is refused', () => {
    const bench = synced(room('a'));
    const [next] = requests(bench.feed({ type: 'poked' }), 'sync');
    const refusal = parseRefusal('InvalidInput', 'Why. [code=InvalidInput argument=since]');
    const refused = bench.feed({ type: 'refused', number: Number(next?.number), refusal });
    expect(timers(refused)).toEqual({ sync: 250 });
    expect(requests(bench.feed({ type: 'due', key: 'sync' }))[0]?.variables).toMatchObject({ since: null });
  });

  test('makes an open room catch up where it tells of something that is not there', () => {
    const bench = new Bench({ syncs: true });
    bench.enter(2);
    const [number] = [1];
    const answer = sync([room(ROOM, { messages: [message(4)] })], { reset: true });
    const effects = bench.feed({ type: 'answered', number: Number(number), value: answer });
    expect(requests(effects, 'changes')).toHaveLength(1);
  });
});

describe('the store', () => {
  test('answers the same objects until something changes, and tells its listeners only then', () => {
    const bench = synced(room(ROOM));
    bench.enter(2);
    let told = 0;
    const end = bench.core.subscribe(() => {
      told += 1;
    });
    bench.feed({ type: 'due', key: 'heartbeat' });
    expect(told).toBe(1); // it may have looked at nothing yet
    told = 0;
    const [before, open] = [bench.core.getSnapshot(), bench.room];
    bench.feed({ type: 'live', message: message(2) });
    bench.feed({ type: 'due', key: 'heartbeat' });
    expect(bench.core.getSnapshot()).toBe(before);
    expect([bench.room, told]).toEqual([open, 0]);
    expect(bench.room).toBe(open);
    bench.feed({ type: 'live', message: message(3) });
    expect([bench.room === open, bench.core.getSnapshot() === before, told]).toEqual([false, true, 1]);
    expect(bench.room.messages[0]).toBe(open.messages[0]);
    end();
    bench.feed({ type: 'live', message: message(4) });
    expect(told).toBe(1);
  });

  test('tells a listener that has looked at nothing', () => {
    const bench = new Bench();
    const shown: string[][] = [];
    bench.core.subscribe(() => {
      shown.push(bench.room.pending.map(({ text }) => text));
    });
    bench.feed({ type: 'open', roomId: ROOM });
    bench.compose('a');
    expect(shown).toEqual([[], ['a']]);
  });

  test('forgets what nobody looks at, and tells of it as of a change', () => {
    const views = new Views();
    let [n, looked] = [0, 0];
    const look = () => {
      looked += 1;
      return { n };
    };
    const first = views.get('first', look);
    n += 1;
    expect(views.settle()).toBe(true);
    expect(views.settle()).toBe(false);
    n += 1;
    expect(views.settle()).toBe(true); // and is none any more: nobody has asked for it since
    looked = 0;
    n += 1;
    expect([views.settle(), looked]).toEqual([false, 0]);
    expect(views.get('first', look)).not.toBe(first);

    for (let each = 0; each < 1_000; each += 1) views.get(`view ${each}`, look);
    expect(views.settle()).toBe(true);
    looked = 0;
    expect([views.settle(), looked]).toEqual([false, 200]);
  });

  test('answers for a room that nobody has opened, always with the same object', () => {
    const bench = new Bench();
    expect(bench.core.getRoom('x')).toBe(bench.core.getRoom('x'));
    expect(bench.core.getRoom('x')).toMatchObject({ roomId: 'x', status: 'loading', messages: [] });
  });
});

test('what a notice says of the person themself is known at once', () => {
  const bench = new Bench({ syncs: true });
  const [asked] = requests(bench.feed({ type: 'up' }), 'sync');
  const me = { userId: 'me', role: 'MEMBER', status: 'ACTIVE', mutedUntil: null };
  const room = { roomId: ROOM, head: head(1), room: { roomId: ROOM, me }, messages: [] };
  const synced = { ...room, unread: 0, unreadMentions: 0, reset: true, left: false, more: false };
  const page = { rooms: [synced], token: 't', more: false, reset: true };
  bench.feed({ type: 'answered', number: Number(asked?.number), value: page });
  const mine = () => bench.core.getSnapshot().rooms[0]?.room?.me;
  const noticed = (kind: string, said: object, userId = 'me') =>
    bench.feed({ type: 'live', message: message(2, { seq: null, notice: { kind, userId, ...said } }) });
  noticed('MEMBER_MUTED', { mutedUntil: '2026-01-01T01:00:00.000Z' });
  expect(mine()?.mutedUntil).toBe('2026-01-01T01:00:00.000Z');
  noticed('MEMBER_MUTED', { mutedUntil: null }, 'other');
  expect(mine()?.mutedUntil).toBe('2026-01-01T01:00:00.000Z');
  noticed('MEMBER_MUTED', { mutedUntil: null });
  noticed('ROLE_CHANGED', { role: 'MODERATOR' });
  expect(mine()).toMatchObject({ mutedUntil: null, role: 'MODERATOR' });
});

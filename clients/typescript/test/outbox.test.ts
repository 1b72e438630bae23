import { describe, expect, test } from 'vitest';

import type { Effect, Revision } from '../src/core/protocol.ts';
import { parseRefusal, type Refusal, unauthorized, unreachable } from '../src/core/refusals.ts';
import { Bench, message, ROOM, requests, timers, types } from './support.ts';

const refusal = (code: string, values = '') => parseRefusal(code, `Why. [code=${code}${values}]`);
const revise = (clientMessageId: string, by: Revision): Effect => ({
  type: 'revise',
  roomId: ROOM,
  clientMessageId,
  by,
});
const mine = (seq: number, clientMessageId: string) => message(seq, { senderId: 'me', clientMessageId });

/** A bench that is sending `first`, with `more` behind it; and the send's number. */
function sending(first = 'a', ...more: string[]) {
  const bench = new Bench();
  bench.compose(first);
  for (const id of more) bench.compose(id);
  const entries = [first, ...more].map((id) => bench.stored(id));
  const [sent] = requests(bench.load(...entries), 'sendMessage');
  return { bench, entries, number: Number(sent?.number), sent };
}

describe('an outbox', () => {
  test('shows and sends nothing before it is stored', () => {
    const bench = new Bench();
    const effects = bench.feed({
      type: 'compose',
      message: { roomId: ROOM, text: 'x', clientMessageId: 'a' },
    });
    expect(types(effects)).toEqual(['add']);
    expect(bench.room.pending).toEqual([]);
    expect(types(bench.feed({ type: 'added', entry: bench.stored('a', 'x') }))).toEqual(['load']);
    expect(bench.room.pending.map(({ text, status }) => [text, status])).toEqual([['x', 'waiting']]);
  });

  test('sends what the storage has first, and one at a time', () => {
    const { bench, sent } = sending('a', 'b');
    expect(sent?.variables).toEqual({ roomId: ROOM, text: 'a', clientMessageId: 'a' });
    expect(requests(bench.compose('c'))).toEqual([]);
    expect(bench.room.pending.map(({ status }) => status)).toEqual(['sending', 'waiting', 'waiting']);
  });

  test('removes a message only when the server has it, and then asks for the next', () => {
    const { bench, number } = sending('a', 'b');
    const effects = bench.feed({ type: 'answered', number, value: mine(1, 'a') });
    expect(types(effects).filter((type) => type !== 'cancel')).toEqual(['revise', 'load']);
    expect(effects).toContainEqual(revise('a', { kind: 'settle' }));
    expect(bench.room.pending.map(({ clientMessageId }) => clientMessageId)).toEqual(['b']);
  });

  test('sends again under the same id where no answer came', () => {
    const { bench, entries, number } = sending('a', 'b');
    const waiting = bench.feed({ type: 'refused', number, refusal: unreachable() });
    expect(timers(waiting)).toEqual({ [`outbox/${ROOM}`]: 250 });
    expect(types(bench.feed({ type: 'due', key: `outbox/${ROOM}` }))).toContain('load');
    const [again] = requests(bench.load(...entries), 'sendMessage');
    expect(again?.variables.clientMessageId).toBe('a');
  });

  test('waits longer with each try, and no longer once the connection is there', () => {
    const { bench, entries, number } = sending();
    let asked = number;
    const waits: (number | undefined)[] = [];
    for (let n = 0; n < 8; n += 1) {
      const effects = bench.feed({ type: 'refused', number: asked, refusal: unreachable() });
      waits.push(timers(effects)[`outbox/${ROOM}`]);
      bench.feed({ type: 'due', key: `outbox/${ROOM}` });
      asked = Number(requests(bench.load(...entries))[0]?.number);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    bench.feed({ type: 'refused', number: asked, refusal: unreachable() });
    expect(types(bench.feed({ type: 'up' }))).toContain('load');
  });

  test('waits as long as it is told where it is too fast', () => {
    const { bench, number } = sending();
    const refused = refusal('RateLimited', ' retryAfterMs=1234 scope=person');
    expect(timers(bench.feed({ type: 'refused', number, refusal: refused }))).toEqual({
      [`outbox/${ROOM}`]: 1_234,
    });
    expect(bench.room.pending[0]?.refusal).toEqual(refused);
    expect(types(bench.feed({ type: 'up' }))).not.toContain('load');
  });

  test('waits until the end of a mute by the server’s clock, whatever the clock here does', () => {
    const { bench, number } = sending();
    const until = new Date(bench.now + 60_000).toISOString();
    const effects = bench.feed({ type: 'refused', number, refusal: refusal('Muted', ` until=${until}`) });
    expect(timers(effects)).toEqual({ [`outbox/${ROOM}`]: 60_000 });
    bench.now += 10_000; // the timer is early, as after a suspension
    const early = bench.feed({ type: 'due', key: `outbox/${ROOM}` });
    expect([types(early), timers(early)]).toEqual([['timer'], { [`outbox/${ROOM}`]: 50_000 }]);
    bench.now += 50_000;
    expect(types(bench.feed({ type: 'due', key: `outbox/${ROOM}` }))).toContain('load');
  });

  test('reckons the end of a mute anew when a heartbeat tells the server’s time', () => {
    const { bench, number } = sending();
    bench.enter(0);
    const until = new Date(bench.now + 3_600_000).toISOString(); // the clock here is an hour late
    const effects = bench.feed({ type: 'refused', number, refusal: refusal('Muted', ` until=${until}`) });
    expect(timers(effects)).toEqual({ [`outbox/${ROOM}`]: 600_000 });
    const [beat] = requests(bench.feed({ type: 'due', key: 'heartbeat' }));
    const at = new Date(bench.now + 3_590_000).toISOString();
    const told = {
      type: 'answered',
      number: Number(beat?.number),
      value: { at, everySeconds: 30, rooms: [] },
    } as const;
    expect(timers(bench.feed(told))).toMatchObject({ [`outbox/${ROOM}`]: 10_000 });
  });

  test('waits no longer when the mute is lifted', () => {
    const { bench, number } = sending();
    const until = new Date(bench.now + 60_000).toISOString();
    bench.feed({ type: 'refused', number, refusal: refusal('Muted', ` until=${until}`) });
    const notice = { kind: 'MEMBER_MUTED', userId: 'me', mutedUntil: null };
    const lifted = bench.feed({ type: 'live', message: message(9, { seq: null, notice }) });
    expect(types(lifted)).toContain('load');
  });

  test.each([
    refusal('IdempotencyMismatch'),
    refusal('InvalidInput', ' argument=text'),
    refusal('NotAllowed', ' reason=role'),
    // Composed before the sender's erasure, and sent after they came back.
    refusal('NotAllowed', ' reason=erased'),
  ])('makes a draft of what is refused with $code, and goes on', (refused: Refusal) => {
    const { bench, number } = sending('a', 'b');
    const effects = bench.feed({ type: 'refused', number, refusal: refused });
    expect(effects).toContainEqual(revise('a', { kind: 'refuse', refusal: refused }));
    expect(types(effects)).toContain('load');
    expect(effects).not.toContainEqual(revise('a', { kind: 'settle' }));
    expect(bench.room.drafts).toMatchObject([{ clientMessageId: 'a', status: 'draft', refusal: refused }]);
    expect(bench.room.pending.map(({ clientMessageId }) => clientMessageId)).toEqual(['b']);
  });

  test('makes drafts of everything where the person is not in the room any more', () => {
    const { bench, number } = sending('a', 'b');
    bench.feed({ type: 'refused', number, refusal: refusal('NotRoomMember') });
    expect(bench.room.drafts.map(({ clientMessageId }) => clientMessageId)).toEqual(['a', 'b']);
  });

  test('asks nothing more until there is a token, and sends the same then', () => {
    const { bench, number } = sending();
    expect(types(bench.feed({ type: 'refused', number, refusal: unauthorized() }))).toContain('disconnect');
    expect(bench.core.getSnapshot().connection).toBe('unauthorized');
    expect(bench.compose('b')).toEqual([]);
    expect(types(bench.feed({ type: 'signedIn' }))).toContain('load');
  });

  test('takes a live message for the answer, and does not wait for it', () => {
    const { bench, number } = sending('a', 'b');
    bench.enter(0);
    const seen = bench.feed({ type: 'live', message: mine(1, 'a') });
    expect(seen).toContainEqual(revise('a', { kind: 'settle' }));
    expect([bench.room.messages.length, bench.room.pending.length]).toEqual([1, 1]);
    const late = bench.feed({ type: 'refused', number, refusal: refusal('NotRoomMember') });
    expect([types(late), bench.room.drafts]).toEqual([[], []]);
  });

  test('does not take another’s message for its own', () => {
    const { bench } = sending();
    bench.enter(0);
    bench.feed({ type: 'live', message: message(1, { clientMessageId: 'a' }) });
    expect(bench.room.pending.map(({ clientMessageId }) => clientMessageId)).toEqual(['a']);
  });

  test('keeps what an answer does not name', () => {
    for (const value of [null, mine(1, 'other'), { ...mine(1, 'a'), roomId: 'elsewhere' }]) {
      const { bench, number } = sending();
      expect(types(bench.feed({ type: 'answered', number, value }))).toContain('timer');
      expect(bench.room.pending).toHaveLength(1);
    }
  });

  test('sends a draft again under a new id, once however often one asks', () => {
    const { bench, number } = sending();
    bench.feed({ type: 'refused', number, refusal: refusal('InvalidInput') });
    const again = { type: 'retry', clientMessageId: 'a', newId: 'z', text: 'mended' } as const;
    const effects = bench.feed(again);
    expect(effects).toEqual([
      {
        type: 'add',
        entry: { roomId: ROOM, text: 'mended', clientMessageId: 'z', version: 1 },
        replaces: 'a',
      },
    ]);
    expect(bench.feed({ ...again, newId: 'y' })).toEqual([]);
  });

  test('throws away a draft', () => {
    const { bench, number } = sending('a', 'b');
    bench.feed({ type: 'refused', number, refusal: refusal('InvalidInput') });
    expect(bench.feed({ type: 'discard', clientMessageId: 'a' })).toEqual([revise('a', { kind: 'drop' })]);
    expect(bench.room.drafts).toEqual([]);
    expect(bench.feed({ type: 'discard', clientMessageId: 'a' })).toEqual([]);
  });

  test('goes on with what the storage has after a reload, in its order', () => {
    const bench = new Bench();
    bench.feed({ type: 'start' });
    const [a, b] = [bench.stored('a'), bench.stored('b')];
    expect(types(bench.feed({ type: 'loaded', roomId: null, entries: [b, a] }))).toEqual(['load']);
    expect(bench.room.pending.map(({ clientMessageId }) => clientMessageId)).toEqual(['a', 'b']);
    expect(requests(bench.load(b, a))[0]?.variables.clientMessageId).toBe('a');
  });

  test('of one room does not wait for another', () => {
    const { bench } = sending();
    const entry = { ...bench.stored('b'), roomId: 'elsewhere' };
    bench.feed({ type: 'added', entry });
    const tried = { ...entry, isTried: true, tries: ['0'] };
    const effects = bench.feed({ type: 'loaded', roomId: 'elsewhere', entries: [tried] });
    expect(requests(effects)[0]?.variables.clientMessageId).toBe('b');
  });

  test('sends what another tab has composed before, even if that tab has ended', () => {
    const bench = new Bench();
    const theirs = bench.stored('theirs');
    bench.compose('mine');
    const [sent] = requests(bench.load(theirs, bench.stored('mine')));
    expect(sent?.variables.clientMessageId).toBe('theirs');
  });

  test('finds with each heartbeat what was stored by a tab that was killed before it said so', () => {
    const bench = new Bench();
    bench.enter(0);
    const effects = bench.feed({ type: 'due', key: 'heartbeat' });
    expect(effects).toContainEqual({ type: 'load', roomId: null });
    const theirs = bench.stored('theirs');
    expect(types(bench.feed({ type: 'loaded', roomId: null, entries: [theirs] }))).toEqual(['load']);
    expect(requests(bench.load(theirs), 'sendMessage')[0]?.variables.clientMessageId).toBe('theirs');
  });

  test('does not look where another tab leads', () => {
    const bench = new Bench();
    bench.enter(0);
    bench.feed({ type: 'leads', isLeader: false });
    expect(types(bench.feed({ type: 'due', key: 'heartbeat' }))).not.toContain('load');
  });

  test('looks once more where another tab has changed the storage while it was read', () => {
    const bench = new Bench();
    bench.feed({ type: 'start' });
    expect(types(bench.feed({ type: 'stored', roomId: ROOM }))).toEqual(['load']);
    expect(bench.feed({ type: 'stored', roomId: ROOM })).toEqual([]);
    expect(types(bench.load())).toEqual(['load']);
    expect(requests(bench.load(bench.stored('theirs')))[0]?.variables.clientMessageId).toBe('theirs');
  });

  test('of a tab that does not lead shows what waits, and sends only what no other tab can read', () => {
    const bench = new Bench();
    bench.feed({ type: 'leads', isLeader: false });
    expect(requests(bench.compose('a'))).toEqual([]);
    expect(bench.room.pending).toHaveLength(1);
    expect(types(bench.feed({ type: 'leads', isLeader: true }))).toEqual(['load']);
    const alone = new Bench();
    alone.feed({ type: 'leads', isLeader: false });
    const entry = { ...alone.stored('b'), isDurable: false };
    expect(types(alone.feed({ type: 'added', entry }))).toEqual(['load']);
    expect(requests(alone.load(entry))[0]?.variables.clientMessageId).toBe('b');
  });

  test('says whether what waits outlives the page', () => {
    const bench = new Bench();
    expect(bench.core.getSnapshot().isDurable).toBeNull();
    bench.compose('a');
    expect(bench.core.getSnapshot().isDurable).toBe(true);
    bench.feed({ type: 'added', entry: { ...bench.stored('b'), isDurable: false } });
    expect(bench.core.getSnapshot().isDurable).toBe(false);
  });
});

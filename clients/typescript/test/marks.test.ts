// Read marks that cannot be said at once: stored, merged, said once when the link is back, and never backwards.
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';

import { ChatClient } from '../src/client.ts';
import type { Effect } from '../src/core/protocol.ts';
import { parseRefusal, unauthorized, unreachable } from '../src/core/refusals.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import { seeded } from './model/random.ts';
import { ModelServer } from './model/server.ts';
import { ModelStorage } from './model/storage.ts';
import { ModelTransport } from './model/transport.ts';
import { Bench, ROOM } from './support.ts';

const until = (what: () => unknown) => vi.waitFor(what, { timeout: 5_000, interval: 5 });
const SWITCHED_OFF = parseRefusal('ServiceUnavailable', 'Off. [code=ServiceUnavailable reason=switchedOff]');
type Asked = Extract<Effect, { type: 'request' }>;

/** A core whose storage is there and whose marks are answered by hand. */
class Reading {
  readonly bench = new Bench();
  readonly storage: ModelStorage;
  asked: Asked[] = [];

  constructor(storage = new ModelStorage()) {
    this.storage = storage;
    this.feed({ type: 'start' });
  }

  feed(event: Parameters<Bench['feed']>[0]): void {
    for (const effect of this.bench.feed(event)) {
      if (effect.type === 'request' && effect.field === 'markRead') this.asked.push(effect);
      const told = this.storage.carryOut(effect);
      if (told) this.feed(told);
    }
  }

  read(...marks: number[]): void {
    for (const seq of marks) this.feed({ type: 'read', roomId: ROOM, seq });
  }

  /** The marks that are asked for, each answered. */
  answer(refusal = unreachable(), isRefused = false): unknown[] {
    const asked = this.asked.splice(0);
    for (const { number } of asked)
      this.feed(isRefused ? { type: 'refused', number, refusal } : { type: 'answered', number, value: null });
    return asked.map(({ variables }) => variables.seq);
  }

  offline(): void {
    this.feed({ type: 'down', refusal: unreachable() });
    this.feed({ type: 'network', isOnline: false });
  }

  online(): void {
    this.feed({ type: 'network', isOnline: true });
    this.feed({ type: 'up' });
  }

  get stored(): unknown[] {
    return this.storage.entries.map((entry) => 'seq' in entry && entry.seq);
  }
}

describe('a read mark', () => {
  test('is said at once while there is a link, and nothing is stored', () => {
    const it = new Reading();
    it.online();
    it.read(3);
    expect([it.stored, it.answer(), it.stored]).toEqual([[], [3], []]);
  });

  test('without a link is stored, only the furthest, and said once when the link is back', () => {
    const it = new Reading();
    it.offline();
    it.read(3, 7, 5);
    expect([it.stored, it.asked]).toEqual([[7], []]);
    it.online();
    expect([it.answer(), it.stored, it.asked]).toEqual([[7], [], []]);
  });

  test('is kept over a reload, and said by the page that comes after', () => {
    const it = new Reading();
    it.offline();
    it.read(7);
    const next = new Reading(it.storage);
    expect([next.answer(), next.stored]).toEqual([[7], []]);
    expect(new Reading(it.storage).asked).toEqual([]);
  });

  test('never goes back: what is read after it is less is not said', () => {
    const it = new Reading();
    it.online();
    it.read(7);
    it.answer();
    it.offline();
    it.read(4);
    it.online();
    expect([it.asked, it.stored]).toEqual([[], []]);
  });

  test.each([unreachable(), unauthorized(), SWITCHED_OFF])(
    'is stored where it is refused with $code',
    (refusal) => {
      const it = new Reading();
      it.online();
      it.read(3);
      it.answer(refusal, true);
      expect(it.stored).toEqual([3]);
      it.read(5);
      it.feed({ type: 'signedIn' });
      expect([it.answer().at(-1), it.stored]).toEqual([5, []]);
    },
  );

  test('that was read while the one before was on its way is kept, not removed with it', () => {
    const it = new Reading();
    it.offline();
    it.read(3);
    it.feed({ type: 'network', isOnline: true });
    it.read(9);
    const [first] = it.asked.splice(0);
    it.feed({ type: 'answered', number: Number(first?.number), value: null });
    expect([first?.variables.seq, it.stored]).toEqual([3, [9]]);
    expect([it.answer(), it.stored]).toEqual([[9], []]);
  });

  test('of a tab that does not lead is said by the one that does after its end', () => {
    const it = new Reading();
    it.offline();
    it.read(7);
    const follower = new Reading();
    follower.feed({ type: 'leads', isLeader: false });
    follower.feed({ type: 'loaded', roomId: null, entries: it.storage.entries });
    expect(follower.asked).toEqual([]);
    const leader = new Reading(it.storage);
    expect(leader.answer()).toEqual([7]);
  });

  test('is no message: it neither waits nor is it shown as one', () => {
    const it = new Reading();
    it.offline();
    it.read(7);
    expect(it.bench.core.getSnapshot().waiting).toBe(0);
    expect(it.bench.room).toMatchObject({ pending: [], drafts: [], changes: new Map() });
  });

  test('counts as read where the unread line is drawn', () => {
    const it = new Reading();
    it.offline();
    it.read(2);
    expect(new Reading(it.storage).bench.core.getRoom(ROOM).unreadLine).toBeNull();
  });
});

test('in any history the server ends with the furthest that was read, and never goes back', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const counts = { reloads: 0, said: 0, lost: 0 };
  for (let round = 0; round < 300; round += 1) {
    const why = `seed ${seed + round}`;
    const random = seeded(seed + round);
    let it = new Reading();
    /** What has to reach the server: what was stored when a page ended, and all that this page has read. */
    let [must, wanted, said, atServer] = [0, 0, 0, 0];
    const serve = () => {
      const fate = random();
      for (const { variables } of it.asked) {
        const seq = Number(variables.seq);
        expect(seq, why).toBeGreaterThan(said);
        if (fate > 0.3) atServer = Math.max(atServer, seq);
        if (fate > 0.5) said = seq;
      }
      counts[fate > 0.5 ? 'said' : 'lost'] += it.answer(unreachable(), fate <= 0.5).length;
    };
    let isOnline = false;
    const turn = () => {
      isOnline = !isOnline;
      if (isOnline) it.online();
      else it.offline();
    };
    for (let step = 0; step < 30; step += 1) {
      const does = random();
      if (does < 0.3) {
        const seq = 1 + Math.floor(random() * 50);
        it.read(seq);
        wanted = Math.max(wanted, seq);
      } else if (does < 0.5) serve();
      else if (does < 0.6) it.feed({ type: 'due', key: `mark/${ROOM}` });
      else if (does < 0.8) turn();
      else if (does < 0.85) {
        counts.reloads += 1;
        must = Math.max(must, ...it.stored.map(Number));
        [wanted, said, isOnline] = [0, 0, false];
        it = new Reading(it.storage);
      }
    }
    if (!isOnline) turn();
    for (let calm = 0; calm < 50; calm += 1) {
      serve();
      it.feed({ type: 'due', key: `mark/${ROOM}` });
    }
    expect([it.stored, it.asked], why).toEqual([[], []]);
    expect(atServer, why).toBeGreaterThanOrEqual(Math.max(must, wanted));
  }
  console.log(`marks: 300 histories, seed ${seed}, ${JSON.stringify(counts)}`);
  expect(counts.lost).toBeGreaterThan(100);
});

test('a client without a link keeps the mark over a reload, and says it once', async () => {
  const server = new ModelServer();
  const room = server.room(ROOM, 'me', 'other');
  for (let n = 0; n < 3; n += 1) server.send('other', room, { text: `${n}` });
  const indexedDB = new IDBFactory();
  const started = () => {
    const transport = new ModelTransport(server, 'me');
    const storage = indexedDbStorage({ userId: 'me', indexedDB });
    const client = new ChatClient({ userId: 'me', transport, storage });
    client.start();
    return { client, transport, storage };
  };
  const before = started();
  before.transport.cut();
  before.client.read(ROOM, 2);
  before.client.read(ROOM, 3);
  await until(async () => expect(await before.storage.load(null)).toMatchObject([{ seq: 3 }]));
  before.client.stop();
  expect(room.readSeq.get('me')).toBeUndefined();
  const after = started();
  await until(() => expect(room.readSeq.get('me')).toBe(3));
  await until(async () => expect(await after.storage.load(null)).toEqual([]));
  after.client.stop();
  expect(server.calls.get('markRead')).toBe(1);
});

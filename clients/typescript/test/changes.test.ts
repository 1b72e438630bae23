// Edits, removals and reactions that wait: stored, merged, sent in their order, never lost and never sent for another state.
import { describe, expect, test } from 'vitest';

import type { Change, Effect, Event, StoredChange } from '../src/core/protocol.ts';
import type { Refusal } from '../src/core/refusals.ts';
import { seeded } from './model/random.ts';
import { ModelStorage } from './model/storage.ts';
import { Bench, message, ROOM, requests, timers, types } from './support.ts';

const said = { sentence: '', values: {} };
const UNREACHABLE: Refusal = { code: 'Unreachable', ...said };
const SENDS = ['editMessage', 'removeMessage', 'react'];

/** A core whose storage is there and whose requests are answered by hand. */
class Changing {
  readonly bench = new Bench();
  readonly storage: ModelStorage;
  readonly asked: Extract<Effect, { type: 'request' }>[] = [];
  readonly timers: Record<string, number> = {};

  constructor(storage = new ModelStorage()) {
    this.storage = storage;
    this.feed({ type: 'start' });
    this.feed({ type: 'up' });
  }

  feed(event: Parameters<Bench['feed']>[0]): void {
    const effects = this.bench.feed(event);
    this.asked.push(...requests(effects).filter(({ field }) => SENDS.includes(field)));
    Object.assign(this.timers, timers(effects));
    for (const effect of effects) this.store(effect);
  }

  change(change: Change): void {
    this.feed({ type: 'change', roomId: ROOM, change });
  }

  /** Answer the oldest request. */
  answer(value: unknown = null, refusal: Refusal | null = null): Readonly<Record<string, unknown>> {
    const asked = this.asked.shift();
    if (!asked) throw new Error('nothing was asked for');
    const { number } = asked;
    this.feed(refusal ? { type: 'refused', number, refusal } : { type: 'answered', number, value });
    return { field: asked.field, ...asked.variables };
  }

  get changes() {
    return this.bench.core.getRoom(ROOM).changes;
  }

  /** What the storage has to say and does not yet. */
  late: Event[] | null = null;

  /** Now it does, in the order in which it was asked. */
  catchUp(): void {
    for (let event = this.late?.shift(); event; event = this.late?.shift()) this.feed(event);
    this.late = null;
  }

  store(effect: Effect): void {
    const event = this.storage.carryOut(effect);
    if (event && this.late) this.late.push(event);
    else if (event) this.feed(event);
  }
}

const edit = (target: string, text: string): Change => ({ kind: 'edit', target, text });
const remove = (target: string): Change => ({ kind: 'remove', target });
const react = (target: string, emoji: string, on: boolean): Change => ({ kind: 'react', target, emoji, on });

describe('what is done to a message', () => {
  test('a reaction that is switched off is told, and holds up no removal behind it', () => {
    const it = new Changing();
    it.change(react('m1', '👍', true));
    it.change(remove('m2'));
    it.answer(null, { code: 'NotAllowed', reason: 'switchedOff', ...said });
    expect(it.changes.get('m1')).toMatchObject({ entries: [{ kind: 'react', status: 'refused' }] });
    expect(it.answer(message(2))).toEqual({ field: 'removeMessage', roomId: ROOM, id: 'm2' });
    it.feed({ type: 'signedIn' });
    expect(it.asked).toEqual([]);
  });

  test('is stored, shown and sent, and gone when the server has it', () => {
    const it = new Changing();
    it.change(edit('m1', 'better'));
    expect(it.storage.entries).toHaveLength(1);
    expect(it.changes.get('m1')).toMatchObject({
      text: 'better',
      entries: [{ kind: 'edit', status: 'sending' }],
    });
    expect(it.answer(message(1, { text: 'better' }))).toMatchObject({
      field: 'editMessage',
      roomId: ROOM,
      id: 'm1',
    });
    expect([it.changes.size, it.storage.entries]).toEqual([0, []]);
  });

  test('does not wait for a message that waits', () => {
    const it = new Changing();
    it.feed({ type: 'compose', message: { roomId: ROOM, text: 'x', clientMessageId: 'c' } });
    it.change(remove('m1'));
    expect(it.asked.map(({ field }) => field)).toEqual(['removeMessage']);
  });

  test('is the last of its kind: what was composed while the one before is on its way is sent after it', () => {
    const it = new Changing();
    it.change(edit('m1', 'a'));
    it.change(edit('m1', 'b'));
    it.change(edit('m1', 'c'));
    expect(it.storage.entries).toHaveLength(1);
    expect([it.answer().text, it.answer().text]).toEqual(['a', 'c']);
    expect(it.asked).toEqual([]);
    expect(it.changes.size).toBe(0);
  });

  test('ends with its removal', () => {
    const it = new Changing();
    it.change(edit('m2', 'first'));
    it.change(edit('m1', 'a'));
    it.change(react('m1', '👍', true));
    it.change(remove('m1'));
    expect(it.changes.get('m1')).toMatchObject({ text: null, isRemoved: true, reactions: [] });
    expect([it.answer().field, it.answer().field]).toEqual(['editMessage', 'removeMessage']);
    expect(it.asked).toEqual([]);
  });

  test('of the same emoji is on or off, and of another is another', () => {
    const it = new Changing();
    it.change(react('m1', '👍', true));
    it.change(react('m1', '🎉', true));
    it.change(react('m1', '🎉', false));
    expect(it.changes.get('m1')?.reactions).toEqual([
      { emoji: '👍', on: true },
      { emoji: '🎉', on: false },
    ]);
    const sent = [it.answer(), it.answer()].map(({ emoji, on }) => [emoji, on]);
    expect(sent).toEqual([
      ['👍', true],
      ['🎉', false],
    ]);
  });

  test.each([
    [UNREACHABLE, 250],
    [{ code: 'RateLimited', retryAfterMs: 1_200, scope: 'person', ...said } as Refusal, 1_200],
    [{ code: 'ServiceUnavailable', ...said } as Refusal, 250],
  ])('waits at $code and goes on', (refusal, afterMs) => {
    const it = new Changing();
    it.change(edit('m1', 'a'));
    it.answer(null, refusal);
    expect(it.timers[`changes/${ROOM}`]).toBe(afterMs);
    expect(it.asked).toEqual([]);
    it.feed({ type: 'due', key: `changes/${ROOM}` });
    expect(it.answer().text).toBe('a');
  });

  test('goes to the person where it is finally refused, and nothing else waits for it', () => {
    const it = new Changing();
    it.change(edit('m1', 'a'));
    it.change(edit('m2', 'b'));
    it.answer(null, { code: 'NotAllowed', reason: 'removed', ...said });
    const [entry] = it.changes.get('m1')?.entries ?? [];
    expect(entry).toMatchObject({ status: 'refused', refusal: { reason: 'removed' } });
    expect(it.changes.get('m1')?.text).toBe(null);
    expect(it.answer().text).toBe('b');
    it.feed({ type: 'retry', clientMessageId: entry?.key ?? '', newId: 'x' });
    expect(it.answer(null, { code: 'NotAllowed', reason: 'removed', ...said }).text).toBe('a');
    it.feed({ type: 'discard', clientMessageId: entry?.key ?? '' });
    expect([it.changes.size, it.storage.entries]).toEqual([0, []]);
  });

  test('is tried twice where the refusal says nothing, and waits for a token', () => {
    const it = new Changing();
    it.change(edit('m1', 'a'));
    it.answer(null, { code: 'InternalError', ...said });
    it.feed({ type: 'due', key: `changes/${ROOM}` });
    it.answer(null, { code: 'InternalError', ...said });
    expect(it.changes.get('m1')?.entries[0]?.status).toBe('refused');
    it.change(edit('m2', 'b'));
    it.answer(null, { code: 'Unauthorized', ...said });
    expect(it.asked).toEqual([]);
    it.feed({ type: 'signedIn' });
    expect(it.asked).toHaveLength(1);
  });

  test('is there after a reload, and gone where another tab has sent it', () => {
    const first = new Changing();
    first.change(edit('m1', 'a'));
    const second = new Changing(first.storage);
    expect(second.asked.map(({ variables }) => variables.text)).toEqual(['a']);
    second.answer(null, UNREACHABLE);
    first.answer(); // the server has it
    second.feed({ type: 'due', key: `changes/${ROOM}` });
    expect(second.asked).toEqual([]);
    expect(second.changes.size).toBe(0);
  });

  test('is gone at once where another tab says that the storage has changed', () => {
    const first = new Changing();
    first.change(edit('m1', 'a'));
    const second = new Changing(first.storage);
    expect(second.changes.size).toBe(1);
    const { number } = first.asked[0] ?? { number: 0 };
    const settled = first.bench.feed({ type: 'answered', number, value: null });
    expect(settled).toMatchObject([{ type: 'revise', by: { kind: 'done' } }]);
    first.storage.revise('edit/m1', () => null);
    second.feed({ type: 'stored', roomId: ROOM });
    expect(second.changes.size).toBe(0);
  });

  test('is what another tab has made of it', () => {
    const first = new Changing();
    first.change(edit('m1', 'old'));
    first.answer(null, UNREACHABLE);
    const second = new Changing(first.storage);
    second.change(edit('m1', 'new'));
    first.feed({ type: 'due', key: `changes/${ROOM}` });
    expect(first.answer().text).toBe('new');
  });

  test('is the last one, though what the storage had of it before is told after it', () => {
    const it = new Changing();
    it.late = [];
    it.change(edit('m1', 'one'));
    it.feed({ type: 'stored', roomId: ROOM }); // and so the storage is read
    it.change(edit('m1', 'two'));
    it.catchUp();
    expect(it.answer()).toMatchObject({ text: 'two' });
    expect([it.asked, it.storage.entries]).toEqual([[], []]);
  });

  test.each([false, true])(
    'is not lost where another tab has done what was said before it, read between: %s',
    (isRead) => {
      const it = new Changing();
      it.change(edit('m1', 'one'));
      it.answer(null, UNREACHABLE);
      const other = new Changing(it.storage);
      const change = edit('m1', 'two');
      const effects = it.bench.feed({ type: 'change', roomId: ROOM, change }); // on their way to the storage
      other.answer();
      if (isRead) it.feed({ type: 'loaded', roomId: ROOM, entries: it.storage.load(ROOM) });
      for (const effect of effects) it.store(effect);
      expect(it.storage.entries).toMatchObject([{ text: 'two' }]);
      it.feed({ type: 'up' });
      expect(it.answer()).toMatchObject({ text: 'two' });
      expect(it.storage.entries).toEqual([]);
    },
  );

  test('is not taken for done by a tab that has done what was said before it', () => {
    const it = new Changing();
    it.change(edit('m1', 'one'));
    const other = new Changing(it.storage);
    it.feed({ type: 'leads', isLeader: false });
    it.change(edit('m1', 'two'));
    other.answer();
    expect(it.storage.entries).toMatchObject([{ text: 'two' }]);
    other.feed({ type: 'stored', roomId: ROOM });
    expect(other.answer()).toMatchObject({ text: 'two' });
  });

  test('keeps the same map until something changes', () => {
    const it = new Changing();
    expect(it.changes).toBe(it.changes);
    it.change(edit('m1', 'a'));
    const before = it.changes;
    expect(types(it.bench.feed({ type: 'visible', isVisible: true }))).toEqual([]);
    expect(it.changes).toBe(before);
  });
});

test('in any history the server ends with the last edit, removal and reactions, whatever is lost on the way', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const counts = { sent: 0, lost: 0, reloads: 0 };
  for (let round = 0; round < 300; round += 1) {
    const random = seeded(seed + round);
    const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value;
    const server = new Map<string, string>();
    const wanted = new Map<string, string>();
    const removed = new Set<string>();
    let it = new Changing();
    const serve = () => {
      const [asked] = it.asked;
      if (!asked) return;
      const { field, variables } = asked;
      const fate = pick(['done', 'done', 'done', 'lostRequest', 'lostAnswer', 'limit'] as const);
      if (fate === 'done' || fate === 'lostAnswer') {
        const key = field === 'react' ? `${variables.id}/${variables.emoji}` : String(variables.id);
        server.set(key, field === 'removeMessage' ? 'removed' : String(variables.text ?? variables.on));
        counts.sent += 1;
      } else counts.lost += 1;
      if (fate === 'done') it.answer();
      else if (fate === 'limit')
        it.answer(null, { code: 'RateLimited', retryAfterMs: 500, scope: 'person', ...said });
      else it.answer(null, UNREACHABLE);
    };
    for (let step = 0; step < 40; step += 1) {
      const target = pick(['m1', 'm2', 'm3']);
      const does = pick(['edit', 'react', 'react', 'serve', 'serve', 'due', 'reload', 'remove'] as const);
      if (does === 'serve') serve();
      else if (does === 'due') it.feed({ type: 'due', key: `changes/${ROOM}` });
      else if (does === 'reload' && random() < 0.2) {
        it = new Changing(it.storage);
        counts.reloads += 1;
      } else if (removed.has(target)) continue;
      else if (does === 'edit') {
        it.change(edit(target, `${round}.${step}`));
        wanted.set(target, `${round}.${step}`);
      } else if (does === 'react') {
        const [emoji, on] = [pick(['👍', '🎉']), random() < 0.5];
        it.change(react(target, emoji, on));
        wanted.set(`${target}/${emoji}`, String(on));
      } else if (does === 'remove' && random() < 0.3) {
        it.change(remove(target));
        removed.add(target);
        for (const key of wanted.keys()) if (key.startsWith(target)) wanted.delete(key);
        wanted.set(target, 'removed');
      }
    }
    for (let calm = 0; calm < 200 && it.storage.entries.length > 0; calm += 1) {
      it.feed({ type: 'due', key: `changes/${ROOM}` });
      serve();
    }
    expect(it.storage.entries, `seed ${seed + round}`).toEqual([]);
    expect(it.changes.size, `seed ${seed + round}`).toBe(0);
    for (const [key, value] of wanted)
      expect([key, server.get(key)], `seed ${seed + round}`).toEqual([key, value]);
  }
  console.log(`changes: 300 histories, seed ${seed}, ${JSON.stringify(counts)}`);
  expect(counts.lost).toBeGreaterThan(100);
});

/** Entries of both kinds lie beside one another. */
test('messages and changes of one storage do not mix', () => {
  const it = new Changing();
  it.feed({ type: 'compose', message: { roomId: ROOM, text: 'x', clientMessageId: 'c' } });
  it.change(edit('m1', 'a'));
  const room = it.bench.core.getRoom(ROOM);
  expect(room.pending.map(({ clientMessageId }) => clientMessageId)).toEqual(['c']);
  expect([...room.changes.keys()]).toEqual(['m1']);
  expect(it.bench.core.getSnapshot().waiting).toBe(2);
  expect((it.storage.entries[1] as StoredChange).kind).toBe('edit');
});

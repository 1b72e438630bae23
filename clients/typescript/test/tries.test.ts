// The server fails at a message twice: it goes to the person, unless somebody else may have sent it and it may be stored yet.
import { describe, expect, test } from 'vitest';

import { revised, type StoredEntry } from '../src/core/protocol.ts';
import { parseRefusal, unreachable } from '../src/core/refusals.ts';
import { Amending, stored } from './amending.ts';
import { ModelStorage } from './model/storage.ts';
import { ROOM, timers } from './support.ts';

const failed = parseRefusal('InternalError', 'Oh. [code=InternalError correlationId=c1]');
const key = `outbox/${ROOM}`;

/** The server fails at what this tab asks for next; twice, it has had enough. */
function fail(it: Amending, times = 2): void {
  for (let n = 0; n < times; n += 1) {
    if (n > 0) it.due();
    it.answer(null, failed, true);
  }
}

/** Two tabs without a lock, of which both have sent `a`; `b` waits behind it. */
function two(): readonly [Amending, Amending, ModelStorage] {
  const storage = new ModelStorage();
  const one = new Amending(storage, 0.1);
  one.compose('a', 'b');
  return [one, new Amending(storage, 0.2), storage];
}

const ids = (it: Amending) => it.bench.room.drafts.map(({ clientMessageId }) => clientMessageId);
const sends = (it: Amending) => it.asked.map((each) => 'variables' in each && each.variables.clientMessageId);

describe('what the server fails at', () => {
  test('is a draft after the second time, and the next goes', () => {
    const it = new Amending();
    it.compose('a', 'b');
    fail(it);
    expect(it.bench.room.drafts).toMatchObject([{ clientMessageId: 'a', refusal: failed }]);
    expect(sends(it)).toEqual(['b']);
  });

  test('waits where another tab has sent it, and is stored by that before the next goes', () => {
    const [one, other] = two();
    expect([sends(one), sends(other)]).toEqual([['a'], ['a']]);
    fail(one);
    expect(one.bench.room.pending).toMatchObject([
      { clientMessageId: 'a', status: 'waiting', refusal: failed },
      { clientMessageId: 'b' },
    ]);
    expect([sends(one), ids(one)]).toEqual([[], []]);
    other.answer(stored('a'));
    expect(sends(other)).toEqual(['b']);
    one.feed({ type: 'told', messages: [stored('a')] });
    expect(sends(one)).toEqual(['b']);
  });

  test('is given back by the tab at which it fails last, and the other goes on as well', () => {
    const [one, other] = two();
    fail(one);
    fail(other);
    expect([ids(other), sends(other)]).toEqual([['a'], ['b']]);
    expect([ids(one), sends(one)]).toEqual([[], []]);
    one.feed({ type: 'stored', roomId: ROOM });
    expect([ids(one), sends(one)]).toEqual([['a'], ['b']]);
  });

  test('is given back after a minute, when what a tab that is gone has sent arrives no more', () => {
    const [one, , storage] = two();
    fail(one, 1);
    one.due();
    const number = Number(one.asked.shift()?.number);
    one.late = [];
    one.feed({ type: 'refused', number, refusal: failed });
    const [revised] = one.late.splice(0);
    one.late = null;
    const waiting = revised ? one.bench.feed(revised) : [];
    expect(timers(waiting)).toEqual({ [key]: 60_000 });
    one.due();
    expect([ids(one), sends(one)]).toEqual([['a'], ['b']]);
    expect(storage.entries).toMatchObject([
      { clientMessageId: 'a', refusal: failed },
      { clientMessageId: 'b' },
    ]);
  });

  test('waits for another minute where a tab has sent it meanwhile', () => {
    const [one, other, storage] = two();
    fail(one);
    other.answer(null, unreachable(), true);
    const third = new Amending(storage, 0.3);
    expect(sends(third)).toEqual(['a']);
    one.due();
    expect([ids(one), sends(one)]).toEqual([[], []]);
    one.due();
    expect([ids(one), sends(one)]).toEqual([['a'], ['b']]);
  });

  test('waits as well where a try of this tab was not answered', () => {
    const it = new Amending();
    it.compose('a', 'b');
    it.answer(null, unreachable(), true);
    it.due();
    fail(it);
    expect([ids(it), sends(it)]).toEqual([[], []]);
    it.due();
    expect([ids(it), sends(it)]).toEqual([['a'], ['b']]);
  });

  test('is tried anew where the client is started again meanwhile', () => {
    const [one] = two();
    fail(one);
    one.feed({ type: 'stop' });
    one.feed({ type: 'start' });
    expect([ids(one), sends(one)]).toEqual([[], ['a']]);
  });

  test('is not sent once more by what the person does to it while it is given back', () => {
    const it = new Amending();
    it.compose('a', 'b');
    fail(it, 1);
    it.due();
    it.late = [];
    it.mend('a', 'better');
    it.answer(null, failed, true);
    for (const event of it.late.splice(0)) it.feed(event);
    const told = it.late;
    it.late = null;
    for (const event of told) it.feed(event);
    expect(it.bench.room.drafts).toMatchObject([{ clientMessageId: 'a', text: 'better' }]);
    expect(sends(it)).toEqual(['b']);
  });

  test('is not held up by a try with files that have ended, since nothing is stored with these', () => {
    const base = {
      roomId: ROOM,
      text: 'x',
      clientMessageId: 'a',
      version: 1,
      n: 1,
      isDurable: true,
    } as const;
    const tried: StoredEntry = { ...base, isTried: true, tries: ['0.1'] };
    const anew = revised(tried, { kind: 'files', files: [], isAnew: true });
    expect(anew).toMatchObject({ isTried: false, tries: [] });
    const refused = anew && revised(anew, { kind: 'refuse', refusal: failed, over: [] });
    expect(refused?.refusal).toEqual(failed);
  });

  test('goes under another id when the person tries again, whatever was on its way', () => {
    const [one, , storage] = two();
    fail(one);
    one.due();
    one.answer(stored('b'));
    one.feed({ type: 'retry', clientMessageId: 'a', newId: 'z' });
    expect(sends(one)).toEqual(['z']);
    expect(storage.entries).toMatchObject([{ clientMessageId: 'z', tries: ['0.1'] }]);
  });
});

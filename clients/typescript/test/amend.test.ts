// A message that waits is edited or taken away: here, as long as no try may have reached the server, and there after it.
import { describe, expect, test } from 'vitest';

import { parseRefusal, unreachable } from '../src/core/refusals.ts';
import { Amending, stored } from './amending.ts';
import { ROOM } from './support.ts';

describe('a message that waits', () => {
  test('is sent as it was mended, where it was not tried yet', () => {
    const it = new Amending();
    it.compose('a', 'b');
    it.mend('b', 'better');
    expect(it.texts).toEqual(['a', 'better']);
    it.answer(stored('a'));
    expect(it.answer(stored('b'))).toEqual(['sendMessage', 'b', 'better']);
    expect([it.asked, it.storage.entries]).toEqual([[], []]);
  });

  test('is sent as it was and edited after it, where a try may have reached the server', () => {
    let it = new Amending();
    it.compose('a');
    it.mend('a', 'better');
    expect(it.texts).toEqual(['better']);
    it = new Amending(it.storage); // and over a reload
    expect(it.texts).toEqual(['better']);
    it.mend('a', 'best');
    expect(it.answer(stored('a'))).toEqual(['sendMessage', 'a', 'a']);
    expect(it.bench.room.changes.get('m1')).toMatchObject({ text: 'best' });
    expect(it.storage.entries).toMatchObject([{ kind: 'edit', target: 'm1', text: 'best' }]);
    expect(it.answer(null)).toEqual(['editMessage', 'm1', 'best']);
    expect(it.storage.entries).toEqual([]);
  });

  test('is gone where it was not tried yet, and the next one goes', () => {
    const it = new Amending();
    it.feed({ type: 'network', isOnline: false });
    it.compose('a', 'b');
    it.discard('a');
    expect([it.texts, it.storage.entries.length]).toEqual([['b'], 1]);
    it.feed({ type: 'network', isOnline: true });
    expect(it.answer(stored('b'))).toEqual(['sendMessage', 'b', 'b']);
    expect(it.asked).toEqual([]);
  });

  test('is shown no more and removed after it, where a try may have reached the server', () => {
    const it = new Amending();
    it.compose('a', 'b');
    it.mend('a', 'better');
    it.discard('a');
    it.mend('a', 'too late');
    expect(it.texts).toEqual(['b']);
    it.answer(null, unreachable(), true);
    it.due();
    expect(it.answer(stored('a'))).toEqual(['sendMessage', 'a', 'a']);
    expect(it.bench.room.changes.get('m1')).toMatchObject({ isRemoved: true });
    expect(it.asked.map((each) => each.type === 'request' && each.field)).toEqual([
      'sendMessage',
      'removeMessage',
    ]);
  });

  test('has its last text, though it is stored before the storage has said that it is mended', () => {
    const it = new Amending();
    it.compose('a');
    it.late = [];
    it.mend('a', 'better');
    it.mend('a', 'best');
    const { late } = it;
    it.answer(stored('a'));
    it.late = null;
    for (const event of late) it.feed(event);
    it.answer(null);
    it.answer(null);
    expect(it.storage.entries).toEqual([]);
    expect(it.said.at(-1)).toBe('best');
  });

  test('is removed, though it is stored before the storage has said that it was mended and discarded', () => {
    const it = new Amending();
    it.compose('a');
    it.late = [];
    it.mend('a', 'better');
    it.discard('a');
    const { late } = it;
    it.answer(stored('a'));
    it.late = null;
    for (const event of late) it.feed(event);
    const fields = [it.answer(null)[0], it.answer(null)[0]];
    expect([fields.includes('removeMessage'), it.storage.entries]).toEqual([true, []]);
  });

  test('stays a draft where it is refused before the storage has said that it is mended', () => {
    const it = new Amending();
    it.compose('a', 'b');
    it.late = [];
    it.mend('a', 'better');
    const [mended] = it.late;
    it.answer(null, parseRefusal('NotAllowed', 'No. [code=NotAllowed reason=role]'), true);
    if (mended) it.feed(mended);
    expect([it.texts, it.bench.room.drafts.map(({ text }) => text)]).toEqual([['b'], ['better']]);
  });

  test('is no draft where it was not wanted and is refused, and has its last text where it was', () => {
    const it = new Amending();
    it.compose('a');
    it.mend('a', 'better');
    const no = parseRefusal('NotAllowed', 'No. [code=NotAllowed reason=role]');
    it.answer(null, no, true);
    expect(it.bench.room.drafts).toMatchObject([{ text: 'better', refusal: no }]);
    it.compose('b');
    it.discard('b');
    it.answer(null, no, true);
    expect(it.bench.room.drafts).toHaveLength(1);
    expect(it.storage.entries).toHaveLength(1);
  });

  test('of which a file is being posted is gone at once, with its files', () => {
    const it = new Amending();
    const files = [{ key: 'f', name: 'f', contentType: 'image/png', size: 1 }];
    it.feed({ type: 'compose', message: { roomId: ROOM, text: 'a', clientMessageId: 'a', files } });
    const fields: never[] = [];
    it.answer({ id: 'u1', url: 'https://files.test/u1', fields, expiresAt: '2026-01-01T01:00:00.000Z' });
    it.discard('a');
    expect([it.ended, it.storage.entries, it.storage.files.size]).toEqual([['f'], [], 0]);
    it.answer(null); // late
    expect(it.asked).toEqual([]);
  });

  test('that another tab has sent meanwhile is edited there, once it is known', () => {
    for (const isSeenBefore of [true, false]) {
      const it = new Amending();
      it.feed({ type: 'leads', isLeader: false });
      it.compose('a');
      it.storage.revise('a', () => null); // the tab that leads
      const live = { type: 'live', message: stored('a') } as const;
      if (!isSeenBefore) it.mend('a', 'better');
      it.feed(live);
      if (isSeenBefore) it.mend('a', 'better');
      const edit = { kind: 'edit', target: 'm1', text: 'better' };
      expect(it.storage.entries).toMatchObject(isSeenBefore ? [] : [edit]);
    }
  });

  test('of two tabs that both hear that it is stored is edited once', () => {
    const it = new Amending();
    it.compose('a');
    it.mend('a', 'better');
    const other = new Amending(it.storage);
    const live = { type: 'live', message: stored('a') } as const;
    it.feed(live);
    other.feed(live);
    expect(it.storage.entries).toMatchObject([{ kind: 'edit', target: 'm1' }]);
    expect(other.bench.room.changes.size).toBe(0);
  });
});

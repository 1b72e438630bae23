// What screen readers are told of new messages.
import { describe, expect, test } from 'vitest';
import { Digest, EVERY_MS } from '../src/announcer/digest.ts';

const heard = (n: number) => ({ id: `m${n}`, senderName: n % 2 ? 'Bob' : 'Carol', text: `text ${n}` });

describe('the digest', () => {
  test('says one message at once', () => {
    const digest = new Digest();
    expect(digest.add([heard(1)], 1_000)).toBe(0);
    expect(digest.take(1_000)).toEqual({ count: 1, senderName: 'Bob', text: 'text 1' });
    expect(digest.take(1_000)).toBe(null);
  });

  test('says several as one, with the last', () => {
    const digest = new Digest();
    digest.add([heard(1), heard(2), heard(3)], 0);
    expect(digest.take(0)).toEqual({ count: 3, senderName: 'Bob', text: 'text 3' });
  });

  test('speaks at most once in two seconds at 50 messages a second, and of every message', () => {
    const digest = new Digest();
    const told: { readonly at: number; readonly count: number }[] = [];
    for (let now = 0; now < 10_000; now += 20) {
      digest.add([heard(now)], now);
      const due = digest.take(now);
      if (due) told.push({ at: now, count: due.count });
    }
    const rest = digest.take(20_000);
    for (const [index, { at }] of told.entries()) {
      if (index > 0) expect(at - (told[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(EVERY_MS);
    }
    expect(told.reduce((sum, { count }) => sum + count, rest?.count ?? 0)).toBe(500);
  });

  test('shortens what is long, by whole characters and in one line', () => {
    const digest = new Digest();
    digest.add([{ ...heard(1), text: `a\n\nb ${'👩'.repeat(200)}` }], 0);
    const said = digest.take(0)?.text ?? '';
    expect([...said]).toHaveLength(141);
    expect(said.startsWith('a b 👩')).toBe(true);
    expect(said).not.toContain('\uFFFD');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Timeline } from '../src/core/timeline.ts';
import { head, message, ROOM } from './support.ts';

const seqs = (timeline: Timeline) => timeline.messages.map(({ seq }) => seq);

/** A timeline that has messages 1 to `count`, or the last `size` of them. */
function begun(count: number, size = count): Timeline {
  const timeline = new Timeline(ROOM);
  const items = Array.from({ length: size }, (_, n) => message(count - n));
  timeline.begin({ items, nextToken: size < count ? 'more' : null, head: head(count) });
  return timeline;
}

describe('a timeline', () => {
  test('is in order of seq, whatever order messages come in', () => {
    const shuffled = fc.shuffledSubarray([4, 5, 6, 7, 8, 9, 10], { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(shuffled, (order) => {
        const timeline = begun(3);
        for (const seq of order) timeline.add([message(seq)]);
        expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        expect([timeline.reached, timeline.hasGap]).toEqual([10, false]);
      }),
    );
  });

  test('keeps of two states of a message the one with the larger rev, whichever comes first', () => {
    const states = [null, 7, 9].map((rev) => message(2, { rev, text: `rev ${rev}` }));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { minLength: 1 }), (came) => {
        const timeline = begun(3);
        for (const each of came) timeline.add([each]);
        const newest = Math.max(...came.map(({ rev }) => rev ?? -1));
        const expected = newest < 0 ? 'text 2' : `rev ${newest}`;
        expect(timeline.get('m2')?.text).toBe(expected);
      }),
    );
  });

  test('keeps what it has where the same comes again, as the same objects', () => {
    const timeline = begun(3);
    const before = timeline.messages;
    timeline.add([message(2), message(3)]);
    expect(timeline.messages).toBe(before);
  });

  test('takes from a page what a live message with fewer fields did not say', () => {
    const timeline = begun(3);
    timeline.add([message(4, { clientMessageId: null })]);
    timeline.add([message(4)]);
    expect(timeline.get('m4')?.clientMessageId).toBe('o4');
  });

  test('knows of a gap until what is missing comes, or the server says that nothing does', () => {
    const timeline = begun(3);
    timeline.add([message(6)]);
    expect([timeline.reached, timeline.hasGap]).toEqual([3, true]);
    timeline.add([message(5), message(4)]);
    expect([timeline.reached, timeline.hasGap]).toEqual([6, false]);
    timeline.add([message(9)]);
    timeline.catchUp({ items: [message(8)], nextToken: null, head: head(9), reset: false });
    expect([timeline.reached, timeline.hasGap]).toEqual([9, false]);
  });

  test('moves its head with the last page of changes alone', () => {
    const timeline = begun(3);
    timeline.add([message(4)]);
    timeline.catchUp({ items: [message(4)], nextToken: 'more', head: head(6), reset: false });
    expect(timeline.head).toEqual(head(3));
    timeline.catchUp({ items: [message(5), message(6)], nextToken: null, head: head(6), reset: false });
    expect(timeline.head).toEqual(head(6));
  });

  test('takes no message of another room', () => {
    const timeline = begun(3);
    timeline.add([message(4, { roomId: 'elsewhere' })]);
    timeline.addOlder({
      items: [message(1, { roomId: 'elsewhere', id: 'x' })],
      nextToken: null,
      head: head(3),
    });
    expect([seqs(timeline), timeline.reached, timeline.hasGap]).toEqual([[1, 2, 3], 3, false]);
  });

  test('does not show a changed message from before its window', () => {
    const timeline = begun(10, 5);
    timeline.add([message(2, { rev: 11, text: 'edited' })]);
    expect(seqs(timeline)).toEqual([6, 7, 8, 9, 10]);
  });

  test('shows the newer state of a message whose page was read before the change', () => {
    const timeline = begun(10, 5);
    expect(timeline.ask('older')).toBe(message(6).ts);
    timeline.add([message(2, { rev: 11, text: 'edited' })]);
    const items = [5, 4, 3, 2, 1].map((seq) => message(seq));
    timeline.addOlder({ items, nextToken: null, head: head(10) });
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(timeline.get('m2')?.text).toBe('edited');
    expect(timeline.hasOlder).toBe(false);
  });

  test('lets go of the oldest beyond what it keeps, and never between two that it has', () => {
    const timeline = new Timeline(ROOM, 5);
    timeline.begin({ items: [3, 2, 1].map((seq) => message(seq)), nextToken: null, head: head(3) });
    for (let seq = 4; seq <= 9; seq += 1) timeline.add([message(seq)]);
    expect([seqs(timeline), timeline.hasOlder]).toEqual([[5, 6, 7, 8, 9], true]);
    timeline.ask('older');
    timeline.add([message(10)]);
    expect(seqs(timeline)).toEqual([5, 6, 7, 8, 9, 10]); // the page that is under way meets the oldest
    timeline.addOlder({ items: [4, 3].map((seq) => message(seq)), nextToken: 't', head: head(10) });
    expect([seqs(timeline), timeline.hasOlder, timeline.hasNewer]).toEqual([[3, 4, 5, 6, 7], true, true]);
  });

  test('counts what comes while it is not at the end, and shows it where it gets there', () => {
    const timeline = new Timeline(ROOM, 5);
    timeline.begin({ items: [9, 8, 7, 6, 5].map((seq) => message(seq)), nextToken: 't', head: head(9) });
    timeline.ask('older');
    timeline.addOlder({ items: [4, 3].map((seq) => message(seq)), nextToken: 't', head: head(9) });
    timeline.add([message(10), message(11), message(13)]);
    expect([seqs(timeline), timeline.newMessages, timeline.reached]).toEqual([[3, 4, 5, 6, 7], 4, 11]);
    expect(timeline.ask('newer')).toBe(message(7).ts);
    // The page was read before the last one came.
    const page = { items: [8, 9, 10].map((seq) => message(seq)), nextToken: null, head: head(10) };
    timeline.addNewer(page);
    expect([seqs(timeline), timeline.newMessages, timeline.hasNewer]).toEqual([[8, 9, 10, 11, 13], 0, false]);
  });

  test('is not at the end where a page ends before what is known to be there', () => {
    const timeline = new Timeline(ROOM, 5);
    timeline.begin({ items: [9, 8, 7, 6, 5].map((seq) => message(seq)), nextToken: 't', head: head(9) });
    timeline.ask('older');
    timeline.addOlder({ items: [4, 3].map((seq) => message(seq)), nextToken: 't', head: head(9) });
    for (let seq = 10; seq <= 400; seq += 1) timeline.add([message(seq)]); // more than are remembered
    timeline.ask('newer');
    timeline.addNewer({ items: [8, 9].map((seq) => message(seq)), nextToken: null, head: head(9) });
    expect([seqs(timeline), timeline.hasNewer]).toEqual([[5, 6, 7, 8, 9], true]);
  });

  describe('that another window is asked for', () => {
    const asked = () => {
      const timeline = new Timeline(ROOM, 5);
      timeline.begin({ items: [9, 8, 7, 6, 5].map((seq) => message(seq)), nextToken: 't', head: head(9) });
      timeline.askWindow();
      timeline.add([message(5, { rev: 20, text: 'edited' }), message(9, { rev: 21, text: 'this, too' })]);
      timeline.add([message(10)]); // and lets go of the fifth
      return timeline;
    };
    const pageOf = (...all: number[]) => all.map((seq) => message(seq));

    test('knows of a message that it has let go of what the page does not', () => {
      const timeline = asked();
      timeline.show(pageOf(3, 4, 5, 6, 7), 9, true, true);
      expect(timeline.get('m5')?.text).toBe('edited');
    });

    test('has what came at the end since the page was read', () => {
      const timeline = asked();
      timeline.show(pageOf(5, 6, 7, 8, 9), 9, true, false);
      expect([seqs(timeline), timeline.hasNewer]).toEqual([[6, 7, 8, 9, 10], false]);
      expect(timeline.get('m9')?.text).toBe('this, too');
    });
  });

  test('puts messages from before numbering first, in order of their instants', () => {
    const timeline = new Timeline(ROOM);
    const old = [1, 2].map((n) => message(n, { id: `old${n}`, seq: null }));
    timeline.begin({ items: [message(3), ...old], nextToken: null, head: head(3) });
    expect(timeline.messages.map(({ id }) => id)).toEqual(['old1', 'old2', 'm3']);
    timeline.add([message(2, { id: 'old2', seq: 1, rev: 4 })]);
    expect(timeline.messages.map(({ id }) => id)).toEqual(['old1', 'old2', 'm3']);
  });

  test('confirms only what has no gap below it', () => {
    const timeline = begun(3);
    timeline.add([message(5)]);
    expect(timeline.position).toEqual({ seq: 3, ts: message(3).ts });
  });
});

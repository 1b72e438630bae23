// Any reading of a room, both ways, by jumps, while it is written, edited, removed, reacted to and forgotten: what is shown
// has no gap and never goes back, memory is bounded, and in the end it is what the server has. READINGS and SEED choose how
// many, and which.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Reader } from './model/reader.ts';
import { ROOM } from './support.ts';

const COUNT = Number(process.env.READINGS ?? 200);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const DOES = [
  ...['send', 'send', 'send', 'edit', 'edit', 'edit', 'remove', 'react', 'react', 'burst', 'days'],
  ...['older', 'older', 'newer', 'newer', 'jump', 'end', 'cut'],
] as const;
const action = fc.record({ does: fc.constantFrom(...DOES), steps: fc.nat({ max: 6 }) });
const reading = fc.record({
  seed: fc.nat(),
  count: fc.integer({ min: 0, max: 260 }),
  isReduced: fc.boolean(),
  actions: fc.array(action, { maxLength: 40 }),
});

function act(reader: Reader, does: (typeof DOES)[number]): void {
  const { room } = reader;
  const any = reader.any();
  if (does === 'send') return room.send(reader.random() < 0.4 ? any : undefined);
  if (does === 'burst') for (let n = 0; n < 40; n += 1) room.send(undefined);
  else if (does === 'days') room.now += reader.random() * 86_400_000;
  else if (does === 'older') reader.feed({ type: 'loadOlder', roomId: ROOM });
  else if (does === 'newer') reader.feed({ type: 'loadNewer', roomId: ROOM });
  else if (does === 'end') reader.feed({ type: 'jumpToEnd', roomId: ROOM });
  else if (does === 'cut') reader.cut();
  else if (!any) return;
  else if (does === 'react') room.react(any);
  else if (does === 'jump')
    reader.feed({ type: 'jumpTo', roomId: ROOM, id: reader.anywhere()?.id ?? any.id });
  else room.change(any, does === 'remove');
}

/** To both ends, and to a message: each time it is what the server has. */
function walk(reader: Reader): void {
  const to = (type: 'loadNewer' | 'loadOlder' | 'jumpToEnd', isThere: () => boolean) => {
    for (let n = 0; n < 30 && !isThere(); n += 1) {
      reader.feed({ type, roomId: ROOM });
      reader.settle();
      reader.check();
    }
    if (!isThere()) throw new Error(`${type} does not end`);
  };
  to('loadNewer', () => !reader.shown.hasNewer);
  to('loadOlder', () => !reader.shown.hasOlder);
  const any = reader.anywhere();
  if (any) reader.feed({ type: 'jumpTo', roomId: ROOM, id: any.id });
  reader.settle();
  reader.check();
  const { messages, target } = reader.shown;
  if (any && reader.room.messages.some(({ id }) => id === any.id)) {
    expect([target, messages.some(({ id }) => id === any.id)]).toEqual([any.id, true]);
  }
  to('jumpToEnd', () => !reader.shown.hasNewer);
}

test('what is shown has no gap, never goes back, and is what the server has', { timeout: 120_000 }, () => {
  const calls = new Map<string, number>();
  fc.assert(
    fc.property(reading, ({ seed, count, isReduced, actions }) => {
      const reader = new Reader(seed, count, isReduced);
      for (let n = 0; n < 40 && reader.shown.status !== 'live'; n += 1) reader.step();
      for (const { does, steps } of actions) {
        act(reader, does);
        for (let n = 0; n < steps; n += 1) reader.step();
      }
      reader.settle();
      reader.check();
      walk(reader);
      for (const [field, n] of reader.room.calls) calls.set(field, (calls.get(field) ?? 0) + n);
    }),
    { numRuns: COUNT, seed: SEED, endOnFailure: Boolean(process.env.QUICK) },
  );
  console.log(
    `readings: ${COUNT}, seed ${SEED}; asked: ${[...calls].map(([field, n]) => `${field}:${n}`).join(' ')}`,
  );
  for (const field of ['around', 'messagesById', 'changes', 'messages'])
    expect(calls.get(field)).toBeGreaterThan(COUNT / 10);
});

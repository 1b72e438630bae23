// Any history of sends and faults: nothing is lost, nothing is stored twice, each room's order is that of composing,
// and what is shown in the end is what the server has. HISTORIES and SEED choose how many, and which,
// MOST_S how many seconds they may take.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type Action, FAULTS, History, type Plan } from './model/history.ts';

const COUNT = Number(process.env.HISTORIES ?? 1_500);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** How long they may take; what does not fit is left out, and the count says so. */
const MOST_MS = Number(process.env.MOST_S ?? 200) * 1_000;

const steps = fc.integer({ min: 0, max: 25 });
const room = fc.nat({ max: 1 });
const tab = fc.nat({ max: 2 });

/** Sizes: now and then one that the server refuses. */
const files = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  fc.array(fc.constantFrom(10, 10, 10, 10, 10, 2_000), { minLength: 1, maxLength: 2 }),
);
const send: fc.Arbitrary<Action> = fc.record({ does: fc.constant('send' as const), tab, room, steps, files });
const fault: fc.Arbitrary<Action> = fc.record({
  does: fc.constant('fault' as const),
  fault: fc.constantFrom(...FAULTS),
  tab,
  steps,
});
const event: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    does: fc.constant('others' as const),
    room,
    count: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.constant(45)),
    steps,
  }),
  fc.record({ does: fc.constantFrom('change', 'change', 'notice', 'erase', 'older', 'read'), room, steps }),
  fc.record({ does: fc.constantFrom('mend', 'mend', 'drop'), tab, room, steps }),
);

/** Ten sends and three faults at the least, whatever is left out to make a plan shorter. */
const plan: fc.Arbitrary<Plan> = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    tabs: fc.integer({ min: 1, max: 3 }),
    sends: fc.array(send, { minLength: 10, maxLength: 18 }),
    faults: fc.array(fault, { minLength: 3, maxLength: 12 }),
    events: fc.array(event, { maxLength: 12 }),
    places: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 42, maxLength: 42 }),
  })
  .map(({ seed, tabs, sends, faults, events, places }) => {
    const actions = [...sends, ...faults, ...events].map((action, n) => ({ action, at: places[n] ?? 0 }));
    actions.sort((a, b) => a.at - b.at);
    return { seed, tabs, actions: actions.map(({ action }) => action) };
  });

const histogram = (counts: ReadonlyMap<number | string, number>) =>
  [...counts]
    .sort(([a], [b]) =>
      typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1,
    )
    .map(([what, count]) => `${what}:${count}`)
    .join(' ');

test('nothing is lost, doubled or out of order in any history', { timeout: MOST_MS + 20_000 }, () => {
  const sends = new Map<number, number>();
  const faults = new Map<number, number>();
  const kinds = new Map<string, number>();
  const add = <Key>(counts: Map<Key, number>, key: Key, count = 1) =>
    counts.set(key, (counts.get(key) ?? 0) + count);
  let runs = 0;
  const started = Date.now();
  fc.assert(
    fc.property(plan, (each) => {
      const outcome = new History(each).run();
      runs += 1;
      add(sends, outcome.sends);
      add(
        faults,
        [...outcome.faults.values()].reduce((sum, count) => sum + count, 0),
      );
      for (const [kind, count] of outcome.faults) add(kinds, kind, count);
    }),
    {
      numRuns: COUNT,
      seed: SEED,
      interruptAfterTimeLimit: MOST_MS,
      endOnFailure: Boolean(process.env.QUICK),
    },
  );
  console.log(
    `histories: ${runs} of ${COUNT}, seed ${SEED}, ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  console.log(`sends in a history: ${histogram(sends)}`);
  console.log(`faults in a history: ${histogram(faults)}`);
  console.log(`faults by kind: ${histogram(kinds)}`);
  expect(Math.min(...sends.keys())).toBeGreaterThanOrEqual(10);
  expect(Math.min(...faults.keys())).toBeGreaterThanOrEqual(3);
});

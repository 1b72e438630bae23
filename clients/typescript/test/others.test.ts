import { expect, test } from 'vitest';

import { Others } from '../src/tabs/others.ts';

test('a tab that is not heard of for two heartbeats is still there, and gone with the third', () => {
  const others = new Others();
  others.greet('a', [], true);
  others.beat();
  others.greet('b', [], false);
  expect([others.beat(), others.isSeen]).toEqual([[], true]);
  expect(others.beat()).toEqual(['a']);
  others.forget('a');
  expect([others.beat(), others.isSeen, others.isEmpty]).toEqual([['b'], false, false]);
});

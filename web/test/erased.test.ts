// The reserved form of a sender who was erased.
import { expect, test } from 'vitest';
import { isErased } from '../src/people/erased.ts';

test('a sender of the reserved form was erased', () => {
  expect(isErased(`erased:${'0'.repeat(128)}`)).toBe(true);
  expect(isErased(`erased:${'0123456789abcdef'.repeat(8)}`)).toBe(true);
});

test.each([
  'alice',
  'erased:',
  `erased:${'0'.repeat(127)}`,
  `erased:${'0'.repeat(129)}`,
  `erased:${'A'.repeat(128)}`,
  `x${'0'.repeat(128)}`,
])('%s is a person', (userId) => expect(isErased(userId)).toBe(false));

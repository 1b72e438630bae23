import { expect, test } from 'vitest';

// @ts-expect-error: it has no types
import { measured } from '../scripts/pages.mjs';

test('no page is larger than its budget in scripts/pages.mjs', async () => {
  const pages: { name: string; packed: number; most: number }[] = await measured();
  expect(pages.length).toBeGreaterThan(0);
  const tooLarge = pages.filter(({ packed, most }) => packed / 1024 > most);
  const said = tooLarge.map(
    ({ name, packed, most }) => `${name}: ${(packed / 1024).toFixed(2)} KiB, more than ${most}`,
  );
  expect(said).toEqual([]);
});

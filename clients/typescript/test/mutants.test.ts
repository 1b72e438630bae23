import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// @ts-expect-error: it has no types
import { applied, MUTANTS } from '../scripts/mutants.mjs';

test('each mutant of scripts/mutants.mjs changes something that is there', () => {
  const mutants: { name: string; file: string }[] = MUTANTS;
  const gone = mutants.filter((mutant) => {
    const text = readFileSync(new URL(`../src/core/${mutant.file}`, import.meta.url), 'utf8');
    try {
      return applied(text, mutant) === text;
    } catch {
      return true;
    }
  });
  expect(mutants.length).toBeGreaterThan(90);
  expect(gone.map(({ name }) => name)).toEqual([]);
});

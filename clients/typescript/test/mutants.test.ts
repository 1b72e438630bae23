import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { transformWithOxc } from 'vite';
import { expect, test } from 'vitest';

// @ts-expect-error: it has no types
import { applied, MUTANTS } from '../scripts/mutants.mjs';

interface Mutant {
  name: string;
  file: string;
}

const mutants: Mutant[] = MUTANTS;

function source({ file }: Mutant): string {
  return readFileSync(new URL(`../src/core/${file}`, import.meta.url), 'utf8');
}

test('each mutant of scripts/mutants.mjs changes something that is there', () => {
  const gone = mutants.filter((mutant) => {
    const text = source(mutant);
    try {
      return applied(text, mutant) === text;
    } catch {
      return true;
    }
  });
  expect(mutants.length).toBeGreaterThan(90);
  expect(gone.map(({ name }) => name)).toEqual([]);
});

test('each of them can be run: what does not load says nothing about the tests', async () => {
  const found = await Promise.all(
    mutants.map(async (mutant) => {
      try {
        const { code } = await transformWithOxc(applied(source(mutant), mutant), mutant.file);
        // A script has neither; the rest of the syntax is checked as V8 does, private names included.
        new Script(code.replaceAll(/^import .*?;$/gms, '').replaceAll(/^export (\{.*?;$)?/gms, ''));
        return [];
      } catch (error) {
        return [`${mutant.name}: ${error}`];
      }
    }),
  );
  expect(found.flat()).toEqual([]);
});

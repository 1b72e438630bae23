// The core has no I/O, clock or chance of its own; nothing runs when a module is imported.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SOURCE = new URL('../src/', import.meta.url);
const files = (folder: string) =>
  readdirSync(new URL(folder, SOURCE)).map((name) => ({
    name: `${folder}${name}`,
    text: readFileSync(new URL(`${folder}${name}`, SOURCE), 'utf8'),
  }));

test('the core imports nothing but itself and the types of the wire', () => {
  const imports = files('core/').flatMap(({ name, text }) =>
    [...text.matchAll(/^(import|export) .*?from '(.+?)';/gms)].map((found) => ({
      name,
      text: found[0],
      from: found[2],
    })),
  );
  expect(imports.length).toBeGreaterThan(10);
  const foreign = imports.filter(
    ({ from, text }) => !from?.startsWith('./') && !text.startsWith('import type'),
  );
  expect(foreign).toEqual([]);
});

test('the core asks neither the clock nor chance nor the platform', () => {
  const words =
    /\b(Date\.now|new Date\(\)|performance|Math\.random|crypto|setTimeout|setInterval|queueMicrotask|fetch|WebSocket|indexedDB|window|document|navigator|process|console|await|async|Promise)\b/;
  const named = files('core/').flatMap(({ name, text }) => {
    const code = text.replace(/\/\*.*?\*\/|\/\/.*$/gms, '');
    const found = words.exec(code);
    return found ? [`${name}: ${found[0]}`] : [];
  });
  expect(named).toEqual([]);
});

// What the editor begins with is what the schema allows.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { EXAMPLES } from '../src/examples.ts';
import { pasted } from '../src/who.ts';

const sdl = readFileSync(fileURLToPath(new URL('../../resolvers/schema.graphql', import.meta.url)), 'utf8');
const scalars = [...new Set(sdl.match(/\bAWS\w+/g))].map((name) => `scalar ${name}`);
const schema = buildSchema(`${scalars.join('\n')}\n${sdl}`, { assumeValidSDL: true });

test.each(EXAMPLES)('$query', ({ query }) => {
  expect(validate(schema, parse(query))).toEqual([]);
});

test.each([
  ['a.b.c', 'a.b.c'],
  ['  Bearer a.b.c\n', 'a.b.c'],
  ['a.b\n.c', 'a.b.c'],
])('%j pasted is a token', (text, token) => expect(pasted(text)).toBe(token));

// The markup of messages: a safe subset, in which every character is kept and nothing runs.
import { describe, expect, test } from 'vitest';
import { type Node, parseMarkup, plain, safeHref } from '../src/text/markup.ts';

const flat = (nodes: readonly Node[]): string =>
  nodes.map((node) => ('children' in node ? flat(node.children) : node.text)).join('');
const types = (nodes: readonly Node[]) => nodes.map(({ type }) => type);

describe('what is marked', () => {
  test.each([
    ['**a**', 'strong', 'a'],
    ['*a*', 'emphasis', 'a'],
    ['_a_', 'emphasis', 'a'],
    ['~~a~~', 'struck', 'a'],
    ['`**a**`', 'code', '**a**'],
    ['```\na *b*\n```', 'block', 'a *b*'],
    ['```js\na\n```', 'block', 'a'],
  ])('%s', (text, type, inside) => {
    const nodes = parseMarkup(text);
    expect(types(nodes)).toEqual([type]);
    expect(flat(nodes)).toBe(inside);
  });

  test.each(['2 * 3 * 4', 'snake_case_name', '* a', '** a **', 'a*b*c', '5*', '~~', '``', '__init__.py'])(
    '%s is as it is',
    (text) => expect(flat(parseMarkup(text))).toBe(text),
  );

  test('marks stand in one another', () => {
    const [strong] = parseMarkup('**a _b_**');
    expect(strong).toMatchObject({ type: 'strong', children: [{ text: 'a ' }, { type: 'emphasis' }] });
  });
});

describe('links', () => {
  test.each([
    ['see https://a.example/x?y=1#z.', 'https://a.example/x?y=1#z'],
    ['(https://a.example/)', 'https://a.example/'],
    ['https://a.example/a_(b)', 'https://a.example/a_(b)'],
    ['https://a.example/_x_', 'https://a.example/_x_'],
    ['HTTPS://A.example', 'HTTPS://A.example'],
  ])('%s', (text, link) => {
    const found = parseMarkup(text).find(({ type }) => type === 'link');
    expect(found).toMatchObject({ text: link });
    expect(flat(parseMarkup(text))).toBe(text);
  });

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    ' javascript:alert(1)',
    'https://user:password@a.example/',
    'https://',
  ])('%s is none', (text) => {
    expect(types(parseMarkup(text))).not.toContain('link');
    expect(safeHref(text)).toBe(null);
  });
});

test('mentions are of those who are mentioned, the longest name first', () => {
  const people = new Map([
    ['@Al', 'al'],
    ['@Al Bundy', 'bundy'],
    ['@a.b*', 'strange'],
  ]);
  const nodes = parseMarkup('@Al Bundy, @Al and @a.b* but not @nobody', people);
  const found = nodes.filter((node) => node.type === 'mention');
  expect(found.map(({ userId }) => userId)).toEqual(['bundy', 'al', 'strange']);
});

test('the plain text has no marks and one line', () => {
  expect(plain('**a** _b_\n\n```\nc  d\n``` https://a.b')).toBe('a b c d https://a.b');
});

test('no character is lost but marks, whatever the text', () => {
  const alphabet = [
    '*',
    '**',
    '_',
    '~~',
    '`',
    '```',
    'a',
    ' ',
    '\n',
    '@a',
    'https://x.y',
    '(',
    ')',
    '<b>',
    '&',
    'ש',
    '👩‍👩‍👧',
  ];
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  let state = seed;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state;
  };
  const bare = (text: string) => text.replace(/[*_~`\n]|js/g, '');
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: next() % 20 }, () => alphabet[next() % alphabet.length]).join('');
    expect(bare(flat(parseMarkup(text, new Map([['@a', 'a']])))), `seed ${seed}: ${text}`).toBe(bare(text));
  }
});

test('it takes no longer than in proportion, whatever the text', () => {
  for (const part of ['*a', '**', '_a_', '`', '```', '~~a', '@', 'https://a.b/(', '(((', '[', '* *']) {
    const text = part.repeat(16_000 / part.length);
    expect(bareLength(text)).toBeGreaterThan(0);
  }
});

const bareLength = (text: string) => parseMarkup(text).length;

// Three languages have the same texts, with the same values in them, and every plural form that the language has.
import { describe, expect, test } from 'vitest';
import { en } from '../src/i18n/en.ts';
import { es } from '../src/i18n/es.ts';
import { fr } from '../src/i18n/fr.ts';
import { type Catalogue, type Text, type TextKey, textOf } from '../src/i18n/text.ts';

const OTHERS: readonly (readonly [string, Catalogue])[] = [
  ['es', es],
  ['fr', fr],
];
const ALL: readonly (readonly [string, Catalogue])[] = [['en', en], ...OTHERS];

const entries = (catalogue: Catalogue): readonly (readonly [string, Text])[] =>
  Object.entries(catalogue).flatMap(([feature, texts]) =>
    Object.entries(texts).map(([key, text]) => [`${feature}.${key}`, text] as const),
  );
const valuesOf = (text: Text) => {
  const all = typeof text === 'string' ? [text] : Object.values(text);
  return [
    ...new Set(all.flatMap((each) => [...(each ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name))),
  ].sort();
};

describe.each(OTHERS)('%s', (_, catalogue) => {
  test('has every text of English, and no other', () => {
    const keys = (each: Catalogue) => entries(each).map(([key]) => key);
    expect(keys(catalogue)).toEqual(keys(en));
  });

  test('has the same values in each', () => {
    const own = new Map(entries(catalogue));
    for (const [key, text] of entries(en))
      expect([key, valuesOf(own.get(key) ?? '')]).toEqual([key, valuesOf(text)]);
  });
});

describe.each(ALL)('%s', (locale, catalogue) => {
  test('has each plural form of the language', () => {
    const forms = [...new Intl.PluralRules(locale).resolvedOptions().pluralCategories].sort();
    for (const [key, text] of entries(catalogue)) {
      if (typeof text !== 'string') expect([key, Object.keys(text).sort()]).toEqual([key, forms]);
    }
  });
});

describe('a text', () => {
  test('takes the form of its count, and numbers as the language writes them', () => {
    const unread = (count: number, locale: string, catalogue: Catalogue) =>
      textOf('rooms.unread', { count }, locale, catalogue, en);
    expect(unread(1, 'en', en)).toBe('1 unread message');
    expect(unread(0, 'en', en)).toBe('0 unread messages');
    expect(unread(0, 'fr', fr)).toBe('0 message non lu');
    expect(unread(12_345, 'es', es)).toBe('12.345 mensajes sin leer');
  });

  test('that is missing falls back to English, and what nobody has to its key', () => {
    expect(textOf('rooms.unread', { count: 2 }, 'fr', {}, en)).toBe('2 unread messages');
    expect(textOf('rooms.nothing' as TextKey, {}, 'fr', fr, en)).toBe('rooms.nothing');
  });

  test('keeps a value that looks like a text with values', () => {
    expect(textOf('people.write', { name: '{name} $& $1' }, 'en', en, en)).toBe('Write to {name} $& $1');
  });
});

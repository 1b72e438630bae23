// Texts by `messages.{feature}.{key}`. A text is a sentence with `{names}` in it, or one for each plural form of `count`.
import type { en } from './en.ts';

export type Plural = Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string };
export type Text = string | Plural;
export type Catalogue = Readonly<Record<string, Readonly<Record<string, Text>>>>;

type English = typeof en;
/** `feature.key` of every text that there is. */
export type TextKey = {
  [Feature in keyof English & string]: `${Feature}.${keyof English[Feature] & string}`;
}[keyof English & string];

export type Values = Readonly<Record<string, string | number>>;

/** The text, filled. What this catalogue lacks comes from `fallback`, and at last there is the key itself. */
export function textOf(
  key: TextKey,
  values: Values,
  locale: string,
  catalogue: Catalogue,
  fallback: Catalogue,
): string {
  const own = find(key, catalogue);
  const text = own ?? find(key, fallback);
  if (text === undefined) return key;
  return fill(text, values, own === undefined ? 'en' : locale);
}

function find(key: TextKey, catalogue: Catalogue): Text | undefined {
  const [feature = '', name = ''] = key.split('.');
  return catalogue[feature]?.[name];
}

function fill(text: Text, values: Values, locale: string): string {
  const count = Number(values.count ?? 0);
  const sentence =
    typeof text === 'string' ? text : (text[new Intl.PluralRules(locale).select(count)] ?? text.other);
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : (value ?? whole);
  });
}

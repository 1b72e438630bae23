// What people are told of refusals, in their language: the server's own sentences, with numbers, waits and instants as the
// language writes them. An entry point of its own, since whoever shows the server's sentence alone needs none of it.
import type { Refusal, RefusalCode } from './core/refusals.ts';
import { en } from './messages/generated/en.ts';
import { es } from './messages/generated/es.ts';
import { fr } from './messages/generated/fr.ts';
import * as own from './messages/own.ts';

type English = own.English;
/** `messages.{feature}.{key}` of every sentence that there is. */
export type MessageKey = keyof English;

type Names<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
/** What the sentence of a key is filled with. */
export type MessageValues<Key extends MessageKey> = Readonly<Record<Names<English[Key]>, string | number>>;
type AnyValues = Readonly<Record<string, string | number>>;

/** How a sentence is filled. */
export interface SentenceOptions {
  /** Where instants are told; the zone of the machine, if it is left out. */
  readonly timeZone?: string;
}

type Sentences = Readonly<Record<MessageKey, string>>;
/** By language; English has every sentence. */
export const messages: { readonly en: Sentences; readonly es: Sentences; readonly fr: Sentences } = {
  en: { ...en, ...own.en },
  es: { ...es, ...own.es },
  fr: { ...fr, ...own.fr },
};
/** Languages that have sentences; every other one has the English ones. */
export type Language = keyof typeof messages;

const isKey = (key: string): key is MessageKey => Object.hasOwn(messages.en, key);
const isLanguage = (language: string): language is Language => Object.hasOwn(messages, language);

/** What is said of a code where no sentence came with it. */
const BY_CODE: { readonly [Code in RefusalCode]?: MessageKey } = {
  NotRoomMember: 'messages.room.notMember',
  Muted: 'messages.send.muted',
  RateLimited: 'messages.client.busy',
  IdempotencyMismatch: 'messages.send.mismatch',
  StaleEpoch: 'messages.subscribe.staleEpoch',
  ServiceUnavailable: 'messages.service.unavailable',
  Unauthorized: 'messages.client.unauthorized',
  Unreachable: 'messages.client.unreachable',
};

/**
 * The sentence for a refusal in the language of a tag such as `es-MX`. One that the server alone knows, a hook's or a newer
 * server's, stays as it came.
 */
export function sentenceOf(refusal: Refusal, tag: string, options: SentenceOptions = {}): string {
  const values = valuesOf(refusal);
  const key = keyOf(refusal);
  if (key) return filled(key, values, tag, options);
  return refusal.sentence || filled('messages.client.unknown', values, tag, options);
}

/** The sentence under a key. */
export function textOf<Key extends MessageKey>(
  key: Key,
  values: MessageValues<Key>,
  tag: string,
  options: SentenceOptions = {},
): string {
  return filled(key, values, tag, options);
}

/** Which of the server's sentences a refusal has, in whichever language it came; `null` where it is none of these. */
export function keyOf(refusal: Refusal): MessageKey | null {
  const { code, sentence } = refusal;
  // What stands in these is of the transport, and not for people.
  if (!sentence || code === 'Unreachable' || code === 'Unauthorized') return keyOfCode(refusal);
  const values = valuesOf(refusal);
  for (const sentences of Object.values(messages)) {
    for (const [key, template] of Object.entries(sentences)) {
      if (isKey(key) && asSent(template, values) === sentence) return key;
    }
  }
  return null;
}

function keyOfCode({ code, values }: Refusal): MessageKey | null {
  const key = `messages.identity.${values.reason}`;
  return code === 'IdentityRefused' && isKey(key) ? key : (BY_CODE[code] ?? null);
}

/** The language of a tag such as `es-MX`: English where there are no sentences in it. */
export function languageOf(tag: string): Language {
  const language = tag.trim().toLowerCase().split(/[-_]/)[0] ?? '';
  return isLanguage(language) ? language : 'en';
}

/** With what a refusal made here names beside, and not in what is for machines. */
function valuesOf(refusal: Refusal): AnyValues {
  if (refusal.code === 'RateLimited') return { retryAfterMs: refusal.retryAfterMs, ...refusal.values };
  if (refusal.code === 'StaleEpoch') return { epoch: refusal.epoch, ...refusal.values };
  return refusal.values;
}

const valueAt = (values: AnyValues, name: string) =>
  Object.hasOwn(values, name) ? String(values[name]) : null;

/** As the server fills it. */
const asSent = (template: string, values: AnyValues) =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => valueAt(values, name) ?? whole);

/** As people of the language write it. */
function filled(key: MessageKey, values: AnyValues, tag: string, options: SentenceOptions): string {
  const language = languageOf(tag);
  const locale = localeOf(tag, language);
  return messages[language][key].replace(/\{(\w+)\}( \p{L}+)?/gu, (whole, name: string, unit = '') => {
    const value = valueAt(values, name);
    if (value === null) return whole;
    if (name === 'retryAfterMs') return waitText(Number(value), locale);
    return `${written(name, value, locale, options)}${unit}`;
  });
}

function written(name: string, value: string, locale: string, { timeZone }: SentenceOptions): string {
  if (/^(max|min)/.test(name) && /^\d+$/.test(value)) {
    return new Intl.NumberFormat(locale).format(Number(value));
  }
  const at = name === 'until' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return value;
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', ...zone }).format(at);
}

/** How long that is, in the largest unit of which there are two; more than less. */
function waitText(ms: number, locale: string): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  const [unit, length] =
    seconds >= 7_200
      ? (['hour', 3_600] as const)
      : seconds >= 120
        ? (['minute', 60] as const)
        : (['second', 1] as const);
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  return format.format(Math.ceil(seconds / length));
}

/** The tag itself, where it is one: Mexicans write numbers otherwise than Spaniards. */
function localeOf(tag: string, language: Language): string {
  const own = tag.trim().replaceAll('_', '-');
  if (own.toLowerCase().split('-')[0] !== language) return language;
  try {
    return Intl.getCanonicalLocales(own)[0] ?? language;
  } catch {
    return language;
  }
}

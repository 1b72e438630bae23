// What people are told of refusals, against what the server would have said.
import { describe, expect, test } from 'vitest';

import { parseRefusal, type Refusal, unauthorized, unreachable } from '../src/core/refusals.ts';
import { keyOf, languageOf, type MessageKey, messages, sentenceOf, textOf } from '../src/messages.ts';

const LANGUAGES = ['en', 'es', 'fr'] as const;
const KEYS = Object.keys(messages.en) as MessageKey[];
const UTC = { timeZone: 'UTC' };

/** The message of an answer that the server gives with this sentence. */
function asSent(key: MessageKey, language: (typeof LANGUAGES)[number], code = 'InvalidInput'): Refusal {
  const template = messages[language][key];
  const values = [...template.matchAll(/\{(\w+)\}/g)].map(
    ([, name = ''], n) => [name, String(n + 3)] as const,
  );
  let sentence: string = template;
  for (const [name, value] of values) sentence = sentence.replaceAll(`{${name}}`, value);
  const machine = [`code=${code}`, ...values.map((pair) => pair.join('='))].join(' ');
  return parseRefusal(code, `${sentence} [${machine}]`);
}

describe('the sentence of a refusal', () => {
  test('is found again whichever language it came in', () => {
    expect(KEYS.length).toBeGreaterThan(100);
    for (const language of LANGUAGES) {
      for (const key of KEYS) expect([language, keyOf(asSent(key, language))]).toEqual([language, key]);
    }
  });

  test('is said in another language than the server said it in', () => {
    const refusal = asSent('messages.room.archived', 'en', 'NotAllowed');
    expect(sentenceOf(refusal, 'es')).toBe('Esta sala está archivada: solo se puede leer.');
    expect(sentenceOf(refusal, 'fr-CA')).toBe(messages.fr['messages.room.archived']);
  });

  test('is English where a language has none', () => {
    const refusal = asSent('messages.room.archived', 'fr', 'NotAllowed');
    for (const tag of ['de', 'xx-YY', '', 'not a tag', 'constructor'])
      expect(sentenceOf(refusal, tag)).toBe(messages.en['messages.room.archived']);
    expect(['es-MX', 'ES_mx', ' fr ', 'de'].map(languageOf)).toEqual(['es', 'es', 'fr', 'en']);
    expect(sentenceOf(refusal, 'es_$')).toBe(messages.es['messages.room.archived']);
  });

  test('tells waits in units that people count in', () => {
    const waits = (ms: number, tag: string) =>
      textOf('messages.send.rateLimited.person', { retryAfterMs: ms }, tag);
    expect(waits(1, 'en')).toBe('You are sending too fast. Try again in 1 second.');
    expect(waits(1_001, 'en')).toBe('You are sending too fast. Try again in 2 seconds.');
    expect(waits(119_000, 'es')).toContain('dentro de 119 segundos.');
    expect(waits(120_001, 'fr')).toContain('dans 3 minutes.');
    expect(waits(7_200_000, 'en')).toContain('in 2 hours.');
    expect(waits(-5, 'en')).toContain('in 1 second.');
  });

  test('tells instants and numbers as the language writes them', () => {
    const muted = parseRefusal('Muted', 'x [code=Muted until=2026-01-31T12:30:00.000Z]');
    const until = { until: muted.code === 'Muted' ? muted.until : '' };
    expect(textOf('messages.send.muted', until, 'fr', UTC)).toContain('31 janv. 2026');
    expect(textOf('messages.send.muted', until, 'en-GB', UTC)).toContain('31 Jan 2026, 12:30');
    expect(textOf('messages.send.muted', { until: 'never' }, 'en')).toContain('until never.');
    const tooLong = { maxCodePoints: 4_000, maxBytes: 16_000 };
    expect(textOf('messages.send.textTooLong', tooLong, 'en')).toContain('4,000 characters and 16,000 bytes');
    expect(textOf('messages.room.setting', { argument: 'x', min: 'a', max: 1 }, 'en')).toContain(
      'from a to 1.',
    );
  });

  test('keeps a word behind a number, whatever it is', () => {
    const text = textOf('messages.history.limit', { max: 100 }, 'es');
    expect(text).toBe('limit debe ser un número entero de 1 a 100.');
    expect(textOf('messages.room.name', { max: 80 }, 'en')).toContain('at most 80 characters');
  });

  test('of a rule of the deployment, or of a newer server, stays as it came', () => {
    const refusal = parseRefusal('NotAllowed', 'Non, pas ici. [code=NotAllowed reason=links]');
    expect(keyOf(refusal)).toBeNull();
    expect(sentenceOf(refusal, 'en')).toBe('Non, pas ici.');
  });

  test('holds nothing of a sentence that is filled with other values than those it came with', () => {
    const text = 'Your role in this room does not allow that. Nor {reason}. [code=NotAllowed reason=role]';
    expect(sentenceOf(parseRefusal('NotAllowed', text), 'es')).toBe(text.slice(0, text.indexOf(' [')));
    const odd = parseRefusal(
      'InvalidInput',
      'limit must be a whole number from 1 to {max}. [code=InvalidInput]',
    );
    expect(sentenceOf(odd, 'en')).toBe('limit must be a whole number from 1 to {max}.');
  });

  test('is there for what no server has said', () => {
    expect(sentenceOf(unreachable('TypeError: fetch failed'), 'es')).toBe('No se puede llegar al chat.');
    expect(sentenceOf(unauthorized('Token expired'), 'en')).toBe('You are not signed in any more.');
    expect(sentenceOf(parseRefusal('', ''), 'fr')).toBe("Le chat l'a refusé.");
    const late: Refusal = {
      code: 'RateLimited',
      retryAfterMs: 5_000,
      scope: 'gateway',
      sentence: '',
      values: {},
    };
    expect(sentenceOf(late, 'en')).toBe('The chat is busy just now. Try again in 5 seconds.');
    const refused = parseRefusal('IdentityRefused', '[code=IdentityRefused reason=role]');
    expect(sentenceOf(refused, 'en')).toBe('This IAM identity is not one that may use the chat.');
    expect(sentenceOf(parseRefusal('NotRoomMember', ''), 'en')).toBe(messages.en['messages.room.notMember']);
    expect(sentenceOf(parseRefusal('StaleEpoch', '[code=StaleEpoch epoch=4]'), 'en')).toContain('epoch 4.');
  });
});

test('the sentences are asked for with the values that they have, and no others', () => {
  // @ts-expect-error: there is no such sentence
  expect(() => textOf('messages.send.nothing', {}, 'en')).toThrow();
  // @ts-expect-error: it has a wait
  expect(textOf('messages.send.rateLimited.room', {}, 'en')).toContain('{retryAfterMs} milliseconds');
});

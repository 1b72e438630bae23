// Sentences for what no server has said: calls that did not come to an answer of it. By language, as the server's are.
import type { en as english } from './generated/en.ts';

type Own = 'unreachable' | 'unauthorized' | 'busy' | 'unknown';
type OwnSentences = { readonly [Name in Own as `messages.client.${Name}`]: string };

/** In English. */
export const en = {
  'messages.client.unreachable': 'The chat cannot be reached.',
  'messages.client.unauthorized': 'You are not signed in any more.',
  'messages.client.busy': 'The chat is busy just now. Try again in {retryAfterMs} milliseconds.',
  'messages.client.unknown': 'The chat refused it.',
} as const satisfies OwnSentences;

/** In Spanish. */
export const es: OwnSentences = {
  'messages.client.unreachable': 'No se puede llegar al chat.',
  'messages.client.unauthorized': 'Tu sesión ya no está abierta.',
  'messages.client.busy':
    'El chat está ocupado en este momento. Inténtalo de nuevo dentro de {retryAfterMs} milisegundos.',
  'messages.client.unknown': 'El chat lo ha rechazado.',
};

/** In French. */
export const fr: OwnSentences = {
  'messages.client.unreachable': 'Le chat est injoignable.',
  'messages.client.unauthorized': "Vous n'êtes plus connecté.",
  'messages.client.busy':
    'Le chat est très occupé en ce moment. Réessayez dans {retryAfterMs} millisecondes.',
  'messages.client.unknown': "Le chat l'a refusé.",
};

/** What every language has a sentence for. */
export type English = typeof english & typeof en;

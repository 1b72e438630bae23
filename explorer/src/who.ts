// Who asks in this tab. It outlives a reload, and ends with the tab: two tabs may be two people.
import type { GetToken } from '../../clients/typescript/src/transports/tokens.ts';
import { demoToken } from '../../web/src/session/demo.ts';

export type Who =
  | { readonly kind: 'demo'; readonly user: string }
  | { readonly kind: 'token'; readonly token: string };

const KEY = 'explorer-who';

export function stored(): Who | null {
  const text = sessionStorage.getItem(KEY);
  return text ? (JSON.parse(text) as Who) : null;
}

export function keep(who: Who | null): void {
  if (who) sessionStorage.setItem(KEY, JSON.stringify(who));
  else sessionStorage.removeItem(KEY);
}

export function tokensOf(who: Who): GetToken {
  if (who.kind === 'demo') return () => demoToken(who.user);
  return ({ isRefused }) => {
    if (isRefused) throw new Error('The token is not accepted: paste another.');
    return who.token;
  };
}

/** The token itself in what somebody pasted: with its scheme, or with line breaks. */
export const pasted = (text: string): string => text.replace(/^\s*(?:Bearer\s)?/i, '').replace(/\s+/g, '');

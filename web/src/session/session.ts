// Who is signed in in this tab. It outlives a reload, and ends with the tab: two tabs may be two people.

import type { GetToken } from '@appsync-chat/client';
import type { Config, OidcSignIn } from '../config.ts';
import { demoToken } from './demo.ts';

export interface Session {
  readonly userId: string;
  /** A token that is good; `isRefused`: the one before was not. */
  readonly getToken: GetToken;
}

type Stored =
  | { readonly kind: 'demo'; readonly user: string }
  | { readonly kind: 'oidc'; readonly token: string; readonly userId?: string };
const KEY = 'session';

/** The session of before the reload, or of the issuer's redirect; `null`: nobody is signed in. */
export async function resume(config: Config): Promise<Session | null> {
  if (location.pathname === '/signed-in') {
    const { returnedFrom } = await import('./oidc.ts');
    const ways = config.signIn.filter((way): way is OidcSignIn => way.kind === 'oidc');
    const { token } = await returnedFrom(ways);
    return keep(config, { kind: 'oidc', token });
  }
  const stored = sessionStorage.getItem(KEY);
  return stored ? begin(config, JSON.parse(stored) as Stored) : null;
}

export function signInAsDemo(config: Config, user: string): Promise<Session> {
  return keep(config, { kind: 'demo', user });
}

/** Whether somebody was signed in in this tab, and so will be. */
export const isResumed = () => sessionStorage.getItem(KEY) !== null;

export function forgetSession(): void {
  sessionStorage.removeItem(KEY);
}

async function keep(config: Config, stored: Stored): Promise<Session> {
  const session = await begin(config, stored);
  sessionStorage.setItem(KEY, JSON.stringify({ ...stored, userId: session.userId }));
  return session;
}

/** Without a link whoever was signed in still is: what was composed is shown, and goes once the link is back. */
async function begin(config: Config, stored: Stored): Promise<Session> {
  if (stored.kind === 'demo') {
    await demoToken(stored.user).catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error; // `fetch` had no answer
    });
    return { userId: stored.user, getToken: () => demoToken(stored.user) };
  }
  // There is no other: where it was refused it is refused again, by which the client knows that its time is over.
  const getToken = async () => stored.token;
  const { askWho } = await import('../signed-in.tsx');
  return { userId: await askWho(config.api.url, getToken, stored.userId), getToken };
}

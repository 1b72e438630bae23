// Who is signed in in this tab. It outlives a reload, and ends with the tab: two tabs may be two people.

import { CallRefused, type GetToken, meOperation } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';
import type { Config, OidcSignIn } from '../config.ts';
import { demoToken } from './demo.ts';
import { returnedFrom } from './oidc.ts';

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
  const ways = config.signIn.filter((way): way is OidcSignIn => way.kind === 'oidc');
  const returned = await returnedFrom(ways);
  if (returned) return keep(config, { kind: 'oidc', token: returned.token });
  const stored = sessionStorage.getItem(KEY);
  return stored ? begin(config, JSON.parse(stored) as Stored) : null;
}

export function signInAsDemo(config: Config, user: string): Promise<Session> {
  return keep(config, { kind: 'demo', user });
}

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
  const getToken = async ({ isRefused }: { readonly isRefused: boolean }) => {
    if (isRefused) throw new Error('sign in again');
    return stored.token;
  };
  // The chat names people by a claim of the deployment's choice.
  const me = await appsync({ url: config.api.url, getToken })
    .call(meOperation, {})
    .catch((error: unknown) => {
      if (isUnreachable(error) && stored.userId) return { userId: stored.userId };
      throw error;
    });
  if (!me) throw new Error('the chat does not know who this is');
  return { userId: me.userId, getToken };
}

const isUnreachable = (error: unknown) =>
  error instanceof CallRefused && error.refusal.code === 'Unreachable';

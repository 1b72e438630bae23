// What the deployment tells the page: where the API is and how people sign in. The file is the deployment's, so that one
// build serves all.

export interface DemoSignIn {
  readonly kind: 'demo';
  readonly people: readonly string[];
}

/** The authorization code flow with PKCE, at Cognito or any other issuer of OpenID Connect. */
export interface OidcSignIn {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

export type SignIn = DemoSignIn | OidcSignIn;

export interface Config {
  readonly api: { readonly url: string; readonly realtimeUrl?: string };
  readonly signIn: readonly SignIn[];
}

/** Reads `/config.json`. Rejects where it is not there, or says nothing that the page understands. */
export async function loadConfig(): Promise<Config> {
  const answer = await fetch('/config.json');
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  return readConfig(await answer.json(), location.href);
}

/** Addresses without an origin are those of the page. */
export function readConfig(value: unknown, page: string): Config {
  const { api, signIn } = record(value);
  const { url, realtimeUrl } = record(api);
  if (typeof url !== 'string' || !Array.isArray(signIn))
    throw new Error('config.json: api.url or signIn is missing');
  return {
    api: {
      url: absolute(url, page),
      ...(typeof realtimeUrl === 'string' ? { realtimeUrl: socketUrl(realtimeUrl, page) } : {}),
    },
    signIn: signIn.map(readSignIn),
  };
}

function readSignIn(value: unknown): SignIn {
  const { kind, people, issuer, clientId, scope } = record(value);
  if (kind === 'demo' && Array.isArray(people)) return { kind, people: people.map(String) };
  if (kind === 'oidc' && typeof issuer === 'string' && typeof clientId === 'string') {
    return { kind, issuer, clientId, scope: typeof scope === 'string' ? scope : 'openid' };
  }
  throw new Error(`config.json: signIn has an unknown kind: ${String(kind)}`);
}

const absolute = (url: string, page: string) => new URL(url, page).href;

function socketUrl(url: string, page: string): string {
  const at = new URL(url, page);
  if (at.protocol === 'http:') at.protocol = 'ws:';
  if (at.protocol === 'https:') at.protocol = 'wss:';
  return at.href;
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

// Signing in by the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636), as Cognito and other issuers of
// OpenID Connect have it. The verifier and the state stay in this tab.
import type { OidcSignIn } from '../config.ts';

const WAITING = 'oidc-waiting';

interface Waiting {
  readonly issuer: string;
  readonly state: string;
  readonly verifier: string;
  /** Where somebody was. */
  readonly hash: string;
}

interface Endpoints {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

const redirectUri = () => `${location.origin}/signed-in`;

/** Leaves for the issuer's own page. */
export async function leaveToSignIn(way: OidcSignIn): Promise<void> {
  const { authorization_endpoint: endpoint } = await endpointsOf(way.issuer);
  const waiting: Waiting = { issuer: way.issuer, state: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(WAITING, JSON.stringify(waiting));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(waiting.verifier));
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: way.clientId,
    redirect_uri: redirectUri(),
    scope: way.scope,
    state: waiting.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
  });
  location.assign(`${endpoint}?${asked}`);
}

/** What the issuer sent back by its redirect to this page: the token, and the way by which it came. */
export async function returnedFrom(
  ways: readonly OidcSignIn[],
): Promise<{ readonly token: string; readonly issuer: string }> {
  const said = new URLSearchParams(location.search);
  const waiting = taken();
  history.replaceState(null, '', `/${waiting?.hash ?? ''}`); // the code stays in no history
  const way = ways.find(({ issuer }) => issuer === waiting?.issuer);
  const code = said.get('code');
  if (!waiting || !way || !code || said.get('state') !== waiting.state)
    throw new Error('not what was asked for');
  const { token_endpoint: endpoint } = await endpointsOf(way.issuer);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    client_id: way.clientId,
    redirect_uri: redirectUri(),
    code_verifier: waiting.verifier,
  });
  const answer = await fetch(endpoint, { method: 'POST', body });
  const token: unknown = (await answer.json()).access_token;
  if (!answer.ok || typeof token !== 'string') throw new Error('the issuer gave no token');
  return { token, issuer: way.issuer };
}

function taken(): Waiting | null {
  const stored = sessionStorage.getItem(WAITING);
  sessionStorage.removeItem(WAITING);
  return stored ? (JSON.parse(stored) as Waiting) : null;
}

async function endpointsOf(issuer: string): Promise<Endpoints> {
  const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!answer.ok) throw new Error('the issuer does not answer');
  return (await answer.json()) as Endpoints;
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

function base64url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// Signing in as a demo person of the local API: a token for a name, asked of this page's own server.

export async function demoToken(user: string): Promise<string> {
  const answer = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  const said: unknown = await answer.json().catch(() => null);
  const token = (said as { token?: unknown } | null)?.token;
  if (!answer.ok || typeof token !== 'string') throw new Error('no token for this name');
  return token;
}

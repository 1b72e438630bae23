// Where AppSync's realtime endpoint is, and how a browser says there who it is
// (https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html).

/** Where AppSync has its realtime endpoint for this GraphQL endpoint. */
export function realtimeUrlOf(url: string): string {
  const at = new URL(url);
  at.protocol = at.protocol === 'http:' ? 'ws:' : 'wss:';
  if (at.host.includes('.appsync-api.')) at.host = at.host.replace('.appsync-api.', '.appsync-realtime-api.');
  else at.pathname = `${at.pathname.replace(/\/$/, '')}/realtime`;
  return at.href;
}

/** The subprotocols of a handshake with these headers: browsers send no others. */
export const realtimeProtocols = (header: Readonly<Record<string, string>>): string[] => [
  'graphql-ws',
  `header-${base64url(JSON.stringify(header))}`,
];

function base64url(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

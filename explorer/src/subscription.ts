// One subscription over a connection of its own, by AppSync's realtime protocol
// (https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html).
import { realtimeProtocols } from '../../clients/typescript/src/transports/realtime.ts';
import type { Tokens } from '../../clients/typescript/src/transports/tokens.ts';
import {
  browserSocket,
  frameOf,
  isRecord,
  type SocketFactory,
} from '../../clients/typescript/src/transports/transport.ts';

export interface Endpoint {
  /** The GraphQL endpoint. */
  readonly url: string;
  readonly realtimeUrl: string;
  readonly tokens: Tokens;
  readonly socket?: SocketFactory;
}

export interface Observer {
  next(result: Readonly<Record<string, unknown>>): void;
  complete(): void;
}

/** `live`: what happens from now on is told. */
export type Stage = 'connecting' | 'live' | 'ended';

const ID = '1';
const ACK_MS = 15_000;
const IDLE_MS = 300_000;

/** Begins it. Returns what ends it. Whatever is wrong comes as a result with `errors`, and completes it. */
export function subscribe(
  endpoint: Endpoint,
  request: object,
  observer: Observer,
  tell: (stage: Stage) => void,
): () => void {
  const data = JSON.stringify(request);
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let idleMs = IDLE_MS;
  let close = () => {};

  const end = (errors?: unknown) => {
    if (ended.signal.aborted) return;
    ended.abort();
    clearTimeout(timer);
    close();
    tell('ended');
    if (errors) observer.next({ errors });
    observer.complete();
  };
  /** Something must come within so long. */
  const expect = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => end([{ message: 'Nothing came from the server.' }]), ms);
  };

  const begin = async () => {
    tell('connecting');
    const authorization = { host: new URL(endpoint.url).host, Authorization: await endpoint.tokens.get() };
    if (ended.signal.aborted) return;
    const socket = (endpoint.socket ?? browserSocket)(endpoint.realtimeUrl, realtimeProtocols(authorization));
    const send = (frame: object) => socket.send(JSON.stringify(frame));
    close = () => socket.close();
    expect(ACK_MS);
    socket.addEventListener('open', () => send({ type: 'connection_init' }));
    socket.addEventListener('close', () => end([{ message: 'The server ended the connection.' }]));
    socket.addEventListener('message', (event) => {
      const frame = frameOf(event.data);
      if (!frame || ended.signal.aborted) return;
      const payload = isRecord(frame.payload) ? frame.payload : {};
      switch (frame.type) {
        case 'connection_ack':
          idleMs = Number(payload.connectionTimeoutMs) || IDLE_MS;
          send({ id: ID, type: 'start', payload: { data, extensions: { authorization } } });
          break;
        case 'start_ack':
          tell('live');
          break;
        case 'data':
          observer.next(payload);
          break;
        case 'complete':
          return end();
        case 'connection_error':
        case 'error':
          return end(payload.errors ?? [{ message: 'The server refused it.' }]);
      }
      expect(idleMs);
    });
  };
  begin().catch((error: unknown) =>
    end([{ message: error instanceof Error ? error.message : String(error) }]),
  );
  return end;
}

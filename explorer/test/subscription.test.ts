// A subscription over a connection that is a stand-in: what it sends, and what becomes of what comes.
import { parse } from 'graphql';
import { expect, test, vi } from 'vitest';
import { Tokens } from '../../clients/typescript/src/transports/tokens.ts';
import type { Socket } from '../../clients/typescript/src/transports/transport.ts';
import { fetcherOf } from '../src/fetcher.ts';
import { type Stage, subscribe } from '../src/subscription.ts';

const REQUEST = { query: 'subscription { onMessage(roomId: "lobby", epoch: 1) { id } }', variables: {} };

interface Heard {
  readonly data: unknown;
  readonly code: number;
}

class StandIn implements Socket {
  readyState = 1;
  isClosed = false;
  readonly sent: unknown[] = [];
  readonly #listeners = new Map<string, (event: Heard) => void>();

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.isClosed = true;
  }
  addEventListener(type: string, listener: (event: Heard) => void) {
    this.#listeners.set(type, listener);
  }
  comes(frame: object) {
    this.happens('message', { data: JSON.stringify(frame) });
  }
  happens(type: string, event: Partial<Heard> = {}) {
    this.#listeners.get(type)?.({ data: null, code: 0, ...event });
  }
}

const endpointWith = (getToken: () => string, open: (protocols: string[]) => Socket) => ({
  url: 'http://127.0.0.1:4000/graphql',
  realtimeUrl: 'ws://127.0.0.1:4000/graphql/realtime',
  tokens: new Tokens(getToken),
  socket: (_: string, protocols: string[]) => open(protocols),
});

async function started() {
  const socket = new StandIn();
  const stages: Stage[] = [];
  const results: unknown[] = [];
  let header = '';
  let isComplete = false;
  const endpoint = endpointWith(
    () => 'token',
    ([, second = '']) => {
      header = atob(second.replace('header-', '').replaceAll('-', '+').replaceAll('_', '/'));
      return socket;
    },
  );
  const observer = {
    next: (result: unknown) => results.push(result),
    complete: () => {
      isComplete = true;
    },
  };
  const stop = subscribe(endpoint, REQUEST, observer, (stage) => stages.push(stage));
  await vi.waitFor(() => expect(header).not.toBe(''));
  return { socket, stages, results, stop, header, isComplete: () => isComplete };
}

test('says who asks, begins, and hands on what is heard', async () => {
  const { socket, stages, results, header } = await started();
  const authorization = { host: '127.0.0.1:4000', Authorization: 'token' };
  expect(JSON.parse(header)).toEqual(authorization);
  socket.happens('open');
  socket.comes({ type: 'connection_ack', payload: { connectionTimeoutMs: 300_000 } });
  expect(socket.sent).toEqual([
    { type: 'connection_init' },
    {
      id: '1',
      type: 'start',
      payload: { data: JSON.stringify(REQUEST), extensions: { authorization } },
    },
  ]);
  socket.comes({ type: 'start_ack', id: '1' });
  socket.comes({ type: 'ka' });
  socket.comes({ type: 'data', id: '1', payload: { data: { onMessage: { id: 'm' } } } });
  expect(stages).toEqual(['connecting', 'live']);
  expect(results).toEqual([{ data: { onMessage: { id: 'm' } } }]);
});

test('what ends it closes the connection, and nothing is heard any more', async () => {
  const { socket, stages, results, stop, isComplete } = await started();
  stop();
  socket.comes({ type: 'data', id: '1', payload: { data: {} } });
  socket.happens('close');
  expect([socket.isClosed, isComplete(), stages.at(-1), results]).toEqual([true, true, 'ended', []]);
});

test.each(['connection_error', 'error'])('%s is a result with errors, and its end', async (type) => {
  const { socket, results, isComplete } = await started();
  const errors = [{ errorType: 'NotRoomMember', message: 'no' }];
  socket.comes({ type, id: '1', payload: { errors } });
  expect(results).toEqual([{ errors }]);
  expect([isComplete(), socket.isClosed]).toEqual([true, true]);
});

test('a connection that the server ends is told', async () => {
  const { socket, results, isComplete } = await started();
  socket.happens('close');
  expect(results).toEqual([{ errors: [{ message: 'The server ended the connection.' }] }]);
  expect(isComplete()).toBe(true);
});

test('a token that cannot be had is told', async () => {
  const results: unknown[] = [];
  const endpoint = endpointWith(
    () => {
      throw new Error('paste another');
    },
    () => new StandIn(),
  );
  subscribe(endpoint, REQUEST, { next: (result) => results.push(result), complete: () => {} }, () => {});
  await vi.waitFor(() => expect(results).toEqual([{ errors: [{ message: 'paste another' }] }]));
});

test('queries go over HTTP, once more with another token where the first is refused', async () => {
  const asked: [string | null, unknown][] = [];
  vi.stubGlobal('fetch', async (_: string, { headers, body }: RequestInit) => {
    const token = new Headers(headers).get('authorization');
    asked.push([token, JSON.parse(String(body))]);
    return new Response('{"data":{"me":null}}', { status: token === 'old' ? 401 : 200 });
  });
  const tokens = ['old', 'new'];
  const endpoint = endpointWith(
    () => tokens.shift() ?? '',
    () => new StandIn(),
  );
  const query = 'query Me { me { userId } }';
  const answer = await fetcherOf(endpoint, () => {})(
    { query, operationName: 'Me' },
    { documentAST: parse(query) },
  );
  const request = { query, variables: {}, operationName: 'Me' };
  expect(answer).toEqual({ data: { me: null } });
  expect(asked).toEqual([
    ['old', request],
    ['new', request],
  ]);
  vi.unstubAllGlobals();
});

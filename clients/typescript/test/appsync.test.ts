import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { appsync, realtimeUrlOf } from '../src/transports/appsync.ts';
import type { GetToken } from '../src/transports/tokens.ts';
import { sendMessageOperation } from '../src/wire/generated/operations.ts';
import { jwt, settled, Wire } from './sockets.ts';
import { message, ROOM } from './support.ts';

const URL_ = 'https://chat.example/graphql';
const unauthorizedError = {
  errors: [{ errorType: 'UnauthorizedException', message: 'No.', errorCode: 401 }],
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function connecting(getToken: GetToken = () => 'token') {
  const wire = new Wire();
  const transport = appsync({ url: URL_, getToken, socket: wire.factory });
  transport.connect(wire.listener);
  return { wire, transport };
}

async function connected(getToken?: GetToken) {
  const { wire, transport } = connecting(getToken);
  await settled();
  wire.socket.open();
  wire.socket.say({ type: 'connection_ack', payload: { connectionTimeoutMs: 300_000 } });
  return { wire, transport, news: wire.news };
}

/** A connection with one subscription that was asked for. */
async function subscribing(getToken?: GetToken) {
  const made = await connected(getToken);
  made.transport.subscribe(ROOM, 4, 7);
  await settled();
  return { ...made, start: made.wire.socket.sent.at(-1) as { id: string; payload: Record<string, unknown> } };
}

describe('the realtime connection', () => {
  test.each([
    [
      'https://abc.appsync-api.eu-west-1.amazonaws.com/graphql',
      'wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql',
    ],
    ['https://chat.example/graphql', 'wss://chat.example/graphql/realtime'],
    ['http://localhost:4000/graphql', 'ws://localhost:4000/graphql/realtime'],
  ])('of %s is at %s', (url, realtime) => {
    expect(realtimeUrlOf(url)).toBe(realtime);
  });

  test('offers graphql-ws and its credentials, and is up with the ack', async () => {
    const { wire } = connecting();
    await settled();
    const [protocol, header = ''] = wire.socket.protocols;
    expect(protocol).toBe('graphql-ws');
    expect(header).toMatch(/^header-[\w-]+$/);
    const said = JSON.parse(Buffer.from(header.slice(7), 'base64url').toString());
    expect(said).toEqual({ host: 'chat.example', Authorization: 'token' });
    wire.socket.open();
    expect([wire.socket.sent, wire.told]).toEqual([[{ type: 'connection_init' }], []]);
    wire.socket.say({ type: 'connection_ack', payload: {} });
    expect(wire.news).toEqual([['up']]);
  });

  test('starts with the document as a string and this token, and tells of the ack', async () => {
    const { wire, start } = await subscribing();
    const data = JSON.parse(String(start.payload.data));
    expect(data.variables).toEqual({ roomId: ROOM, epoch: 4 });
    expect(data.query).toContain('onMessage(roomId:$roomId epoch:$epoch)');
    expect(start.payload.extensions).toEqual({
      authorization: { host: 'chat.example', Authorization: 'token' },
    });
    wire.socket.say({ type: 'start_ack', id: start.id });
    wire.socket.say({ type: 'data', id: start.id, payload: { data: { onMessage: message(3) } } });
    expect(wire.news).toEqual([
      ['subscribed', ROOM, 7],
      ['live', 'm3'],
    ]);
  });

  test('hears who is writing and who has read from then on, and ends both with the room', async () => {
    const { wire, transport, start } = await subscribing();
    wire.socket.say({ type: 'start_ack', id: start.id });
    await settled();
    const fields = wire.socket.sent.slice(2).map(({ payload }) => {
      const { query, variables } = JSON.parse(String((payload as { data: string }).data));
      return [/\{(\w+)\(/.exec(query)?.[1], variables];
    });
    const variables = { roomId: ROOM, epoch: 4 };
    expect(fields).toEqual([
      ['onTyping', variables],
      ['onReceipt', variables],
    ]);
    wire.told.length = 0;
    const typing = { roomId: ROOM, userId: 'bob', expiresAt: '2026-01-01T00:00:06.000Z' };
    wire.socket.say({ type: 'data', id: 't', payload: { data: { onTyping: typing } } });
    const receipt = { roomId: ROOM, userId: 'bob', readSeq: 4, deliveredSeq: 4 };
    wire.socket.say({ type: 'data', id: 'r', payload: { data: { onReceipt: receipt } } });
    expect(wire.news).toEqual([
      ['typing', ROOM, 'bob'],
      ['receipt', ROOM, 'bob', 4],
    ]);
    transport.unsubscribe(ROOM);
    expect(wire.socket.sent.slice(-3).map(({ type }) => type)).toEqual(['stop', 'stop', 'stop']);
  });

  test('loses nothing where these are refused', async () => {
    const { wire, start } = await subscribing();
    wire.socket.say({ type: 'start_ack', id: start.id });
    await settled();
    const error = { errorType: 'NotRoomMember', message: 'No. [code=NotRoomMember]' };
    for (const { id } of wire.socket.sent.slice(2)) {
      wire.socket.say({ type: 'error', id, payload: { errors: [error] } });
    }
    expect(wire.news).toEqual([['subscribed', ROOM, 7]]);
  });

  test('hears what happens to the person, or why not', async () => {
    const { wire, transport } = await connected();
    transport.subscribeMine?.('me', 3, 9);
    await settled();
    const asked = wire.socket.sent.at(-1) as { id: string; payload: { data: string } };
    expect(JSON.parse(asked.payload.data).variables).toEqual({ userId: 'me', epoch: 3 });
    wire.socket.say({ type: 'start_ack', id: asked.id });
    const event = { userId: 'me', id: 'e', kind: 'ADDED', ts: '2026-01-01T00:00:00.000Z' };
    wire.socket.say({ type: 'data', id: asked.id, payload: { data: { onMine: event } } });
    const error = { errorType: 'NotAllowed', message: 'No. [code=NotAllowed reason=noProjections]' };
    wire.socket.say({ type: 'error', id: asked.id, payload: { errors: [error] } });
    expect(wire.news).toEqual([
      ['mineSubscribed', 9],
      ['mine', 'e', 'ADDED'],
      ['mineNotSubscribed', 9, 'NotAllowed'],
    ]);
  });

  test('takes what it cannot read for nothing', async () => {
    const { wire, start } = await subscribing();
    const frames = [
      'x',
      '[]',
      'null',
      '{}',
      { type: 'new' },
      { type: 'data', payload: null },
      { type: 'error' },
    ];
    const bad = [{ onMessage: { id: 1 } }, { onMessage: null }, null].map((data) => ({
      type: 'data',
      id: start.id,
      payload: { data },
    }));
    for (const frame of [...frames, ...bad]) wire.socket.say(frame);
    expect(wire.news).toEqual([]);
  });

  test('tells of a refused start, whether its errors are a list or not', async () => {
    for (const list of [true, false]) {
      const { wire, start } = await subscribing();
      const error = { errorType: 'StaleEpoch', message: 'Old. [code=StaleEpoch epoch=5]' };
      wire.socket.say({ type: 'error', id: start.id, payload: { errors: list ? [error] : error } });
      expect(wire.news).toEqual([['notSubscribed', ROOM, 7, 'StaleEpoch']]);
    }
  });

  test('ends what a room was subscribed to before, and hears no more of it', async () => {
    const { wire, transport, start } = await subscribing();
    transport.subscribe(ROOM, 5, 8);
    await settled();
    expect(wire.socket.sent.slice(-2)).toMatchObject([{ type: 'stop', id: start.id }, { type: 'start' }]);
    wire.socket.say({ type: 'start_ack', id: start.id });
    expect(wire.news).toEqual([]);
  });

  test('is down where nothing comes: no ack, no keep-alive, no start_ack', async () => {
    const { wire } = connecting();
    await settled();
    vi.advanceTimersByTime(15_000);
    expect(wire.news).toEqual([['down', 'Unreachable']]);
    const second = await subscribing();
    vi.advanceTimersByTime(15_000);
    expect(second.wire.news).toEqual([['notSubscribed', ROOM, 7, 'Unreachable']]);
    vi.advanceTimersByTime(200_000);
    second.wire.socket.say({ type: 'ka' });
    vi.advanceTimersByTime(299_000);
    expect(second.wire.news).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(second.wire.news).toEqual([['down', 'Unreachable']]);
  });

  test('asks for a fresh token once where one is refused, and then tells the person', async () => {
    const asked: boolean[] = [];
    const getToken: GetToken = ({ isRefused }) => {
      asked.push(isRefused);
      return `token ${asked.length}`;
    };
    const { wire } = connecting(getToken);
    await settled();
    wire.socket.open();
    wire.socket.say({ type: 'connection_error', payload: unauthorizedError });
    await settled();
    expect([wire.sockets.length, wire.news, asked]).toEqual([2, [], [false, true]]);
    wire.socket.open();
    wire.socket.say({ type: 'connection_error', payload: unauthorizedError });
    expect(wire.news).toEqual([['down', 'Unauthorized']]);
  });

  test('starts once more with a fresh token where a start’s is refused', async () => {
    let count = 0;
    const { wire, start } = await subscribing(() => `token ${++count}`);
    const refused = {
      type: 'error',
      payload: { errors: [{ errorType: 'UnauthorizedException', message: 'No.' }] },
    };
    wire.socket.say({ ...refused, id: start.id });
    await settled();
    const again = wire.socket.sent.at(-1) as typeof start;
    expect(again.payload.extensions).toEqual({
      authorization: { host: 'chat.example', Authorization: 'token 2' },
    });
    wire.socket.say({ ...refused, id: again.id });
    expect(wire.news).toEqual([['notSubscribed', ROOM, 7, 'Unauthorized']]);
  });

  test('knows nothing of what was started over the one before', async () => {
    const { wire, transport } = await subscribing();
    wire.socket.lose();
    transport.connect(wire.listener);
    await settled();
    wire.socket.open();
    wire.socket.say({ type: 'connection_ack', payload: {} });
    transport.subscribe(ROOM, 5, 8);
    await settled();
    expect(wire.socket.sent.map(({ type }) => type)).toEqual(['connection_init', 'start']);
  });

  test('tells of its end once, and of nothing after it', async () => {
    const { wire, transport } = await connected();
    wire.socket.lose();
    wire.socket.say({ type: 'ka' });
    expect(wire.news).toEqual([['down', 'Unreachable']]);
    transport.connect(wire.listener);
    transport.disconnect();
    await settled();
    expect([wire.sockets.length, wire.news]).toEqual([1, []]);
  });

  test('signs where there is no token', async () => {
    const wire = new Wire();
    const signed: string[] = [];
    const sign = async ({ url, body }: { url: string; body: string }) => {
      signed.push(`${url} ${body.slice(0, 2)}`);
      return { Authorization: 'AWS4-HMAC-SHA256 …' };
    };
    appsync({ url: URL_, sign, socket: wire.factory }).connect(wire.listener);
    await settled();
    expect(signed).toEqual([`${URL_}/connect {}`]);
  });
});

describe('a call', () => {
  const sent = message(1, { senderId: 'me', clientMessageId: 'c1' });
  const variables = { roomId: ROOM, text: 'x', clientMessageId: 'c1' };
  const calls: { headers: Record<string, string>; body: string }[] = [];

  function answering(...answers: { status?: number; body?: unknown; headers?: Record<string, string> }[]) {
    calls.length = 0;
    vi.stubGlobal('fetch', async (_: string, init: { headers: Record<string, string>; body: string }) => {
      calls.push(init);
      const { status = 200, body, headers = {} } = answers[Math.min(calls.length, answers.length) - 1] ?? {};
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });
    });
    let count = 0;
    const transport = appsync({ url: URL_, getToken: () => jwt(Date.now() + 3_600_000, `t${++count}`) });
    return transport.call(sendMessageOperation, variables);
  }

  const refusedWith = async (asked: Promise<unknown>) =>
    asked.then(
      () => 'answered',
      (error) => error.refusal,
    );

  test('brings the field’s answer', async () => {
    expect(await answering({ body: { data: { sendMessage: sent } } })).toEqual(sent);
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({ query: sendMessageOperation.text, variables });
    expect(calls[0]?.headers.authorization).toMatch(/t1$/);
  });

  test('is refused by the name and values of the first error', async () => {
    const error = { errorType: 'Muted', message: 'Wait. [code=Muted until=2026-01-01T00:00:00.000Z]' };
    const body = { data: { sendMessage: null }, errors: [error] };
    expect(await refusedWith(answering({ body }))).toMatchObject({ code: 'Muted', sentence: 'Wait.' });
    expect(await refusedWith(answering({ body: { data: null, errors: [error] } }))).toMatchObject({
      code: 'Muted',
    });
  });

  test('asks for a fresh token once at 401', async () => {
    const good = { body: { data: { sendMessage: sent } } };
    expect(await answering({ status: 401, body: {} }, good)).toEqual(sent);
    expect(calls.map(({ headers }) => headers.authorization?.slice(-2))).toEqual(['t1', 't2']);
    expect(await refusedWith(answering({ status: 401, body: {} }))).toMatchObject({ code: 'Unauthorized' });
    expect(calls).toHaveLength(2);
  });

  test.each([
    [
      { status: 500, body: { errors: [{ errorType: 'AuthorizerFailureException' }] } },
      { code: 'Unreachable' },
    ],
    [{ status: 502, body: '<html>' }, { code: 'Unreachable' }],
    [{ status: 200, body: 'x' }, { code: 'Unreachable' }],
    [
      { status: 429, body: {}, headers: { 'retry-after': '3' } },
      { code: 'RateLimited', retryAfterMs: 3_000 },
    ],
    [
      { status: 400, body: { errors: [{ errorType: 'BadRequestException', message: 'x' }] } },
      { code: 'Unknown' },
    ],
    [
      { status: 413, body: {} },
      { code: 'Unknown', errorType: 'Http413' },
    ],
    [{ body: { data: { sendMessage: { id: 1 } } } }, { code: 'Unknown', errorType: 'MalformedAnswer' }],
  ])('answered by %j is %j', async (answer, refusal) => {
    expect(await refusedWith(answering(answer))).toMatchObject(refusal);
  });

  test('that is not answered is unreachable', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('fetch failed');
    });
    const transport = appsync({ url: URL_, getToken: () => 'token' });
    expect(await refusedWith(transport.call(sendMessageOperation, variables))).toMatchObject({
      code: 'Unreachable',
    });
  });
});

describe('a token', () => {
  const answer = { data: { sendMessage: null } };

  test('is asked for once however many calls need it, and again a minute before its end', async () => {
    let asked = 0;
    vi.stubGlobal('fetch', async () => new Response(JSON.stringify(answer)));
    const transport = appsync({
      url: URL_,
      getToken: async () => {
        asked += 1;
        return jwt(Date.now() + 600_000);
      },
    });
    const call = () => transport.call(sendMessageOperation, { roomId: ROOM, text: 'x' });
    await Promise.all([call(), call(), call()]);
    expect(asked).toBe(1);
    vi.advanceTimersByTime(530_000);
    await call();
    expect(asked).toBe(1);
    vi.advanceTimersByTime(11_000);
    await Promise.all([call(), call()]);
    expect(asked).toBe(2);
  });

  test('that cannot be had leaves the call unreachable', async () => {
    const transport = appsync({
      url: URL_,
      getToken: () => {
        throw new Error('offline');
      },
    });
    const call = transport.call(sendMessageOperation, { roomId: ROOM, text: 'x' });
    await expect(call).rejects.toMatchObject({ refusal: { code: 'Unreachable' } });
  });
});

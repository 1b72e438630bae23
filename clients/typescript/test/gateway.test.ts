import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { gateway } from '../src/transports/gateway.ts';
import type { GetToken } from '../src/transports/tokens.ts';
import { sendMessageOperation } from '../src/wire/generated/operations.ts';
import { jwt, settled, Wire } from './sockets.ts';
import { message, ROOM } from './support.ts';

const OPTIONS = { url: 'wss://chat.example/ws', apiUrl: 'https://chat.example/graphql', deviceId: 'd' };
const WITH = { receipts: true, typing: true };
const hello = { type: 'hello', version: 'chat.v1', user: 'me' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function connecting(getToken: GetToken = () => 'token') {
  const wire = new Wire();
  const transport = gateway({ ...OPTIONS, getToken, socket: wire.factory });
  transport.connect(wire.listener);
  await settled();
  wire.socket.open();
  return { wire, transport };
}

async function connected(getToken?: GetToken) {
  const made = await connecting(getToken);
  made.wire.socket.say(hello);
  return { ...made, news: made.wire.news };
}

describe('the gateway', () => {
  test('is told the token in the first frame, and is up with hello', async () => {
    const { wire } = await connecting();
    expect(wire.socket.protocols).toEqual(['chat.v1']);
    expect(wire.socket.sent).toEqual([{ type: 'auth', token: 'token', deviceId: 'd' }]);
    expect(wire.told).toEqual([]);
    wire.socket.say(hello);
    expect(wire.news).toEqual([['up']]);
  });

  test('brings messages, changes and notices of the rooms that are subscribed', async () => {
    const { wire, transport } = await connected();
    transport.subscribe(ROOM, 1, 7);
    expect(wire.socket.sent.at(-1)).toEqual({ type: 'subscribe', ...WITH, room: ROOM });
    wire.socket.say({ type: 'subscribed', room: ROOM, at: 'x', epoch: 1, resumed: false });
    for (const [n, type] of ['message', 'change', 'notice'].entries()) {
      wire.socket.say({ type, room: ROOM, at: 'x', message: message(n) });
    }
    wire.socket.say({ type: 'reset', room: ROOM, at: 'x' });
    wire.socket.say({ type: 'removed', room: ROOM });
    wire.socket.say({
      type: 'refused',
      errorType: 'ServiceUnavailable',
      message: 'Later.',
      values: {},
      room: ROOM,
    });
    expect(wire.news).toEqual([
      ['subscribed', ROOM, 7, false],
      ['live', 'm0'],
      ['live', 'm1'],
      ['live', 'm2'],
      ['missed', ROOM],
      ['left', ROOM],
      ['notSubscribed', ROOM, 7, 'ServiceUnavailable'],
    ]);
  });

  test('goes on from the last frame of each room after a connection, and afresh where that is refused', async () => {
    const { wire, transport } = await connected();
    const subscribed = (at: string, resumed: boolean) =>
      wire.socket.say({ type: 'subscribed', room: ROOM, at, epoch: 1, resumed });
    const again = async () => {
      wire.socket.lose();
      transport.connect(wire.listener);
      await settled();
      wire.socket.open();
      wire.socket.say(hello);
      transport.subscribe(ROOM, 1, 8);
      return wire.socket.sent.at(-1);
    };
    transport.subscribe(ROOM, 1, 7);
    subscribed('1', false);
    wire.socket.say({ type: 'message', room: ROOM, at: '2', message: message(2) });
    wire.socket.say({ type: 'message', room: ROOM, at: '3', message: { id: 'not a message' } });
    expect(await again()).toEqual({ type: 'subscribe', ...WITH, room: ROOM, since: '2' });
    subscribed('4', true);
    expect(wire.news.at(-1)).toEqual(['subscribed', ROOM, 8, true]);
    wire.socket.say({ type: 'refused', errorType: 'InvalidInput', message: '', values: {}, room: ROOM });
    expect(await again()).toEqual({ type: 'subscribe', ...WITH, room: ROOM });
    subscribed('5', false);
    transport.unsubscribe(ROOM);
    expect(await again()).toEqual({ type: 'subscribe', ...WITH, room: ROOM });
  });

  test('is told what the client has, of rooms that it is subscribed to', async () => {
    const { wire, transport } = await connected();
    transport.delivered?.(ROOM, 3);
    transport.subscribe(ROOM, 1, 7);
    transport.delivered?.(ROOM, 4);
    expect(wire.socket.sent.slice(1)).toEqual([
      { type: 'subscribe', ...WITH, room: ROOM },
      { type: 'delivered', room: ROOM, seq: 4 },
    ]);
  });

  test('answers each send by its ref', async () => {
    const { wire, transport } = await connected();
    const send = (clientMessageId: string) =>
      transport.call(sendMessageOperation, { roomId: ROOM, text: 'x', clientMessageId });
    const [first, second] = [send('a'), send('b')];
    expect(wire.socket.sent.slice(-2)).toEqual([
      { type: 'send', ref: '1', room: ROOM, text: 'x', clientMessageId: 'a' },
      { type: 'send', ref: '2', room: ROOM, text: 'x', clientMessageId: 'b' },
    ]);
    const refusal = 'Fast. [code=RateLimited retryAfterMs=9 scope=person]';
    wire.socket.say({ type: 'refused', ref: '2', errorType: 'RateLimited', message: refusal, values: {} });
    wire.socket.say({ type: 'ack', ref: '1', room: ROOM, message: message(1) });
    expect(await first).toEqual(message(1));
    await expect(second).rejects.toMatchObject({ refusal: { code: 'RateLimited', retryAfterMs: 9 } });
    expect(wire.news).toEqual([]);
  });

  test('leaves sends unanswered where the connection ends, or no answer comes', async () => {
    const { wire, transport } = await connected();
    const send = () => transport.call(sendMessageOperation, { roomId: ROOM, text: 'x' });
    const slow = expect(send()).rejects.toMatchObject({ refusal: { code: 'Unreachable' } });
    vi.advanceTimersByTime(32_000);
    wire.socket.say({ type: 'pong' });
    await slow;
    const cut = expect(send()).rejects.toMatchObject({ refusal: { code: 'Unreachable' } });
    wire.socket.lose();
    await cut;
    expect(wire.news).toEqual([['down', 'Unreachable']]);
  });

  test('is pinged, and taken for dead where nothing comes', async () => {
    const { wire } = await connected();
    vi.advanceTimersByTime(30_000);
    expect(wire.socket.sent.at(-1)).toEqual({ type: 'ping' });
    wire.socket.say({ type: 'pong' });
    vi.advanceTimersByTime(45_000);
    expect(wire.news).toEqual([['down', 'Unreachable']]);
  });

  test('that goes away says when to come back, and so does one that is asked too much', async () => {
    for (const [frame, code] of [
      [{ type: 'goingAway', reconnectAfterMs: 700 }, 1001],
      [{}, 4429],
    ] as const) {
      const { wire } = await connected();
      wire.socket.say(frame);
      wire.socket.lose(code);
      expect(wire.news).toEqual([['down', 'RateLimited']]);
    }
  });

  test('is tried once with a fresh token where one is refused', async () => {
    const asked: boolean[] = [];
    const { wire } = await connecting(({ isRefused }) => {
      asked.push(isRefused);
      return 'token';
    });
    wire.socket.lose(4401);
    await settled();
    expect([wire.sockets.length, asked, wire.news]).toEqual([2, [false, true], []]);
    wire.socket.open();
    wire.socket.lose(4401);
    expect(wire.news).toEqual([['down', 'Unauthorized']]);
  });

  test('is given a fresh token before the one that it has ends', async () => {
    let count = 0;
    const { wire } = await connected(() => jwt(Date.now() + 600_000, `t${++count}`));
    for (let n = 0; n < 27; n += 1) {
      vi.advanceTimersByTime(20_000);
      wire.socket.say({ type: 'pong' });
    }
    await settled();
    const auths = wire.socket.sent
      .filter(({ type }) => type === 'auth')
      .map(({ token }) => String(token).slice(-2));
    expect(auths).toEqual(['t1', 't2']);
  });

  test('brings who is writing, who has read, and what happens to the person', async () => {
    const { wire, transport } = await connected();
    transport.subscribeMine?.('me', 1, 9);
    wire.told.length = 0;
    const typing = { roomId: ROOM, userId: 'bob', expiresAt: '2026-01-01T00:00:06.000Z' };
    wire.socket.say({ type: 'typing', room: ROOM, typing });
    wire.socket.say({ type: 'receipt', room: ROOM, receipt: { roomId: ROOM, userId: 'bob', readSeq: 4 } });
    wire.socket.say({ type: 'mine', live: true });
    const event = { userId: 'me', id: 'e', kind: 'ADDED', ts: '2026-01-01T00:00:00.000Z' };
    wire.socket.say({ type: 'mine', event });
    wire.socket.say({ type: 'mine', event: { id: 1 } });
    expect(wire.news).toEqual([
      ['typing', ROOM, 'bob'],
      ['receipt', ROOM, 'bob', 4],
      ['mineSubscribed', 9],
      ['mine', 'e', 'ADDED'],
    ]);
    transport.subscribeMine?.('me', 1, 10);
    expect(wire.news).toEqual([['mineSubscribed', 10]]);
    transport.here?.('AWAY', null);
    transport.here?.('ONLINE', ROOM);
    expect(wire.socket.sent.slice(-2)).toEqual([
      { type: 'here', status: 'AWAY' },
      { type: 'here', status: 'ONLINE', watching: ROOM },
    ]);
  });

  test('takes what it cannot read for nothing', async () => {
    const { wire } = await connected();
    for (const frame of [
      'x',
      '[]',
      { type: 'new' },
      { type: 'message', room: ROOM, message: { id: 1 } },
      { type: 'ack' },
    ]) {
      wire.socket.say(frame);
    }
    expect(wire.news).toEqual([]);
  });
});

// What stays of messages whose senders were erased: in whatever order the news and older states of them come, nothing but that
// they were; and nothing is done to them any more.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ERASED_SENDER } from '../src/core/erased.ts';
import { isReduced, newer, newerQuote } from '../src/core/order.ts';
import { appsync } from '../src/transports/appsync.ts';
import { gateway } from '../src/transports/gateway.ts';
import type { Transport } from '../src/transports/transport.ts';
import type { Message, Quote } from '../src/wire/generated/types.ts';
import { answer, down, live, notice, seqs } from './entered.ts';
import { ModelStorage } from './model/storage.ts';
import { settled, Wire } from './sockets.ts';
import { Bench, head, message, ROOM, requests } from './support.ts';

const ranges = [
  { from: 2, to: 3 },
  { from: 5, to: 5 },
];
const told = (bench: Bench) => notice(bench, { kind: 'ERASED', rev: 20, erased: ranges });
const texts = (bench: Bench) => bench.room.messages.map(({ text }) => text);
const left = [null, null, null, 'text 4', null];
const withheld = (first: string) => [first, ...left.slice(1)];

function entered(count = 5): Bench {
  const bench = new Bench();
  bench.enter(count);
  return bench;
}

describe('messages whose sender was erased', () => {
  test('lose all but their place, by one notice and without a request', () => {
    const bench = entered();
    const full = { attachments: [{ id: 'f' }], mentions: ['bob'], stickers: ['x'], replyTo: 'm1', rev: 9 };
    live(bench, 5, { ...full, version: 2, editedAt: '2026-01-01T00:01:00.000Z' } as Partial<Message>);
    expect(requests(told(bench))).toEqual([]);
    expect(texts(bench)).toEqual(withheld('text 1'));
    const { messages } = bench.room;
    expect(messages[1]).toMatchObject({ id: 'm2', seq: 2, senderId: ERASED_SENDER, erased: true });
    expect(messages[4]).toEqual({
      ...{ id: 'm5', roomId: ROOM, ts: message(5).ts, seq: 5, epoch: 1, rev: 9, version: 2 },
      ...{ roomType: undefined, guildId: undefined, editedAt: '2026-01-01T00:01:00.000Z' },
      ...{ senderId: ERASED_SENDER, erased: true, text: null, attachments: null, removedAt: message(5).ts },
    });
  });

  test('lose it by a page of changes as well, and by what sync says', () => {
    const bench = entered();
    const [asked] = requests(notice(bench, { rev: 20 }), 'changes');
    const page = { items: [message(3, { rev: 8 })], nextToken: null, head: head(5), reset: false };
    answer(bench, asked, { ...page, erased: ranges });
    expect(texts(bench)).toEqual(withheld('text 1'));
    const listed = new Bench({ syncs: true });
    const [sync] = requests(listed.feed({ type: 'up' }), 'sync');
    listed.enter(5);
    const said = { roomId: ROOM, head: head(5), messages: [message(5)], unread: 0, left: false, more: false };
    const all = { token: 't', more: false, reset: false };
    answer(listed, sync, { ...all, rooms: [{ ...said, reset: false, erased: ranges }] });
    expect(texts(listed)).toEqual(withheld('text 1'));
    expect(listed.core.getSnapshot().rooms[0]?.lastMessage).toMatchObject({
      text: null,
      erased: true,
    });
  });

  test('are gone from the list of rooms at once', () => {
    const bench = new Bench({ syncs: true });
    const [sync] = requests(bench.feed({ type: 'up' }), 'sync');
    const said = { roomId: ROOM, head: head(5), messages: [message(5)], unread: 0, left: false, more: false };
    const rooms = [{ ...said, reset: false }];
    answer(bench, sync, { rooms, token: 't', more: false, reset: true });
    expect(bench.core.getSnapshot().rooms[0]?.lastMessage?.text).toBe('text 5');
    told(bench);
    expect(bench.core.getSnapshot().rooms[0]?.lastMessage).toMatchObject({
      text: null,
      erased: true,
    });
  });

  test('have the list asked with whom a direct room is now', () => {
    for (const directWith of [null, 'other']) {
      const bench = new Bench({ syncs: true });
      const [sync] = requests(bench.feed({ type: 'up' }), 'sync');
      const said = {
        roomId: ROOM,
        head: head(5),
        messages: [message(5)],
        unread: 0,
        left: false,
        more: false,
      };
      const rooms = [{ ...said, room: { roomId: ROOM, directWith }, reset: false }];
      answer(bench, sync, { rooms, token: 't', more: false, reset: false });
      expect(requests(told(bench), 'sync')).toHaveLength(directWith ? 1 : 0);
    }
  });

  test('do not come back with what is late: an event, an answer, a page of history', () => {
    const bench = new Bench();
    bench.feed({ type: 'up' });
    const [read] = requests(bench.feed({ type: 'open', roomId: ROOM }), 'messages');
    answer(bench, read, { items: down(5, 4), nextToken: 't', head: head(5) });
    const [changes] = requests(bench.feed({ type: 'subscribed', roomId: ROOM, number: 1 }), 'changes');
    answer(bench, changes, { items: [], nextToken: null, head: head(5), reset: false });
    const [older] = requests(bench.feed({ type: 'loadOlder', roomId: ROOM }), 'messages');
    told(bench);
    live(bench, 3, { rev: 30, text: 'late' });
    live(bench, 5, { rev: 30, text: 'late' });
    bench.feed({ type: 'told', messages: [message(5, { text: 'answer' })] });
    answer(bench, older, { items: down(3, 1), nextToken: null, head: head(5) });
    expect([seqs(bench), texts(bench)]).toEqual([[1, 2, 3, 4, 5], withheld('text 1')]);
  });

  test('are quoted no more, whether they are here or not', () => {
    const bench = new Bench();
    bench.feed({ type: 'up' });
    const [read] = requests(bench.feed({ type: 'open', roomId: ROOM }), 'messages');
    const quote = (seq: number) => {
      const { id, roomId, senderId, text, ts } = message(seq);
      return { replyTo: id, quote: { id, roomId, senderId, text, ts, seq, rev: null } };
    };
    const items = [message(7, quote(3)), message(6, quote(4)), ...down(5, 4)];
    answer(bench, read, { items, nextToken: 't', head: head(7) });
    live(bench, 3, { text: 'put aside', rev: 8, version: 2 });
    told(bench);
    expect(bench.room.messages.map((each) => each.quote?.text)).toEqual([
      undefined,
      undefined,
      'text 4',
      null,
    ]);
    live(bench, 8, { replyTo: 'm3' });
    expect(bench.room.messages.at(-1)?.quote?.text).toBeNull();
    live(bench, 3, { text: 'late', rev: 9, version: 3 });
    bench.feed({ type: 'told', messages: [message(7, quote(3))] });
    expect(bench.room.messages[3]?.quote).toMatchObject({ text: null, erased: true });
    const old = { ...quote(3).quote } as Quote;
    expect(newerQuote(old, { ...old, text: null, removedAt: 'now' })?.text).toBeNull();
  });

  test('are as the server has them where that is known, which gives them no other revision', () => {
    const whole = message(2, { rev: 7, version: 2 });
    const nothing = { text: null, removedAt: 'now', senderId: 'nobody', erased: true };
    const gone = message(2, { rev: 7, version: 2, ...nothing });
    expect(newer(whole, gone)).toBe(gone);
    expect(newer(gone, { ...whole, rev: 9 })).toBe(gone);
    const later = { ...gone, rev: 8 };
    expect([newer(gone, later), newer(later, gone)]).toEqual([later, later]);
    const bare = message(2, { rev: 9, version: null, ...nothing });
    expect([isReduced(bare), isReduced({ ...bare, erased: null })]).toEqual([false, true]);
  });

  test('are read where the notice does not say which they are', () => {
    const bench = entered();
    expect(requests(notice(bench, { kind: 'ERASED', rev: 20 }), 'changes')).toHaveLength(1);
  });
});

describe('what was to be done to such a message', () => {
  test('is gone, from the storage as well; what is about others is not', () => {
    const bench = entered();
    const storage = new ModelStorage();
    const feed = (event: Parameters<Bench['feed']>[0]) => {
      for (const effect of bench.feed(event)) {
        const said = storage.carryOut(effect);
        if (said) feed(said);
      }
    };
    const edit = (target: string) =>
      feed({ type: 'change', roomId: ROOM, change: { kind: 'edit', target, text: 'better' } });
    feed({ type: 'network', isOnline: true });
    for (const id of ['m2', 'm4']) edit(id);
    feed({
      type: 'live',
      message: message(0, { seq: null, notice: { kind: 'ERASED', rev: 20, erased: ranges } }),
    });
    expect([...bench.room.changes.keys()]).toEqual(['m4']);
    expect(storage.entries).toMatchObject([{ target: 'm4' }]);
  });
});

describe('an erasure', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const erasure = message(0, { id: 'n', seq: null, text: null, notice: { kind: 'ERASED', erased: ranges } });

  async function heard(transport: Transport, wire: Wire, open: () => void): Promise<Message[]> {
    const messages: Message[] = [];
    transport.connect({ ...wire.listener, live: (each) => messages.push(each) });
    await settled();
    wire.socket.open();
    open();
    transport.subscribe(ROOM, 1, 7);
    await settled();
    return messages;
  }

  test('is told by AppSync, which is asked for it', async () => {
    const wire = new Wire();
    const options = { url: 'https://chat.example/graphql', getToken: () => 'token', socket: wire.factory };
    const messages = await heard(appsync(options), wire, () =>
      wire.socket.say({ type: 'connection_ack', payload: {} }),
    );
    const start = wire.socket.sent.at(-1) as { id: string; payload: { data: string } };
    expect(JSON.parse(start.payload.data).query).toContain('erased{from to}');
    const say = (data: object) => wire.socket.say({ type: 'data', id: start.id, payload: { data } });
    say({ onMessage: erasure });
    say({ onMessage: { ...erasure, notice: { kind: 'ERASED', erased: [{ from: '2' }] } } });
    expect(messages).toEqual([erasure]);
  });

  test('is told by the gateway', async () => {
    const wire = new Wire();
    const options = {
      url: 'wss://chat.example/ws',
      apiUrl: 'https://chat.example/graphql',
      socket: wire.factory,
    };
    const messages = await heard(gateway({ ...options, getToken: () => 'token' }), wire, () =>
      wire.socket.say({ type: 'hello', version: 'chat.v1', user: 'me' }),
    );
    wire.socket.say({ type: 'notice', room: ROOM, at: 'x', message: erasure });
    expect(messages).toEqual([erasure]);
  });
});

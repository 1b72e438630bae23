// The driver with real timers, promises and storage: what the core asks for is carried out.
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { ChatClient } from '../src/client.ts';
import { unreachable } from '../src/core/refusals.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import type { OutboxStorage } from '../src/storage/storage.ts';
import { ModelServer } from './model/server.ts';
import { ModelTransport } from './model/transport.ts';
import { ROOM } from './support.ts';

const running: ChatClient[] = [];

afterEach(() => {
  for (const client of running.splice(0)) client.stop();
  vi.unstubAllGlobals();
});

function started(server: ModelServer, storage?: OutboxStorage) {
  const transport = new ModelTransport(server, 'me');
  const client = new ChatClient({ userId: 'me', transport, ...(storage ? { storage } : {}) });
  running.push(client);
  client.start();
  client.open(ROOM);
  return { client, transport };
}

function chat() {
  const server = new ModelServer();
  const room = server.room(ROOM, 'me', 'other');
  return { server, room };
}

const texts = (client: ChatClient) => client.getRoom(ROOM).messages.map(({ text }) => text);
const until = (what: () => void) => vi.waitFor(what, { timeout: 5_000, interval: 5 });

describe('a client', () => {
  test('sends what is composed in order, shows it, and hears what others send', async () => {
    const { server, room } = chat();
    const { client } = started(server);
    for (const text of ['a', 'b', 'c']) client.send(ROOM, text);
    await until(() => expect(client.getRoom(ROOM)).toMatchObject({ status: 'live', pending: [] }));
    server.send('other', room, { text: 'theirs' });
    await until(() => expect(texts(client)).toEqual(['a', 'b', 'c', 'theirs']));
    expect(client.getSnapshot()).toMatchObject({ connection: 'online', isDurable: false });
  });

  test('composes under an id of the server’s instant, whatever the clock here says', async () => {
    const { server } = chat();
    const { client } = started(server);
    await until(() => expect(server.calls.get('heartbeat')).toBe(1));
    const at = () => Number.parseInt(client.send(ROOM, 'x').replaceAll('-', '').slice(0, 12), 16);
    await until(() => expect(Math.abs(at() - server.now)).toBeLessThan(60_000));
  });

  test('composes offline, is closed, and sends it all after the next start', async () => {
    const { server, room } = chat();
    const indexedDB = new IDBFactory();
    const storage = () => indexedDbStorage({ userId: 'me', indexedDB });
    const { client, transport } = started(server, storage());
    transport.cut();
    for (const text of ['a', 'b', 'c']) client.send(ROOM, text);
    await until(() => expect(client.getRoom(ROOM).pending).toHaveLength(3));
    expect(client.getSnapshot().isDurable).toBe(true);
    client.stop();
    expect(room.messages).toEqual([]);
    const again = started(server, storage());
    await until(() => expect(texts(again.client)).toEqual(['a', 'b', 'c']));
    expect(await storage().load(null)).toEqual([]);
  });

  test('comes back by itself when the network does, and catches up', async () => {
    const { server, room } = chat();
    const { client, transport } = started(server);
    await until(() => expect(client.getRoom(ROOM).status).toBe('live'));
    transport.cut();
    server.send('other', room, { text: 'missed' });
    client.send(ROOM, 'mine');
    transport.isLinked = true;
    await until(() => expect(texts(client)).toEqual(['missed', 'mine']));
  });

  test('stores a message once whose answers are lost', async () => {
    const { server, room } = chat();
    const { client, transport } = started(server);
    await until(() => expect(client.getRoom(ROOM).status).toBe('live'));
    transport.refusals.push(unreachable());
    client.send(ROOM, 'once');
    await until(() => expect(texts(client)).toEqual(['once']));
    await until(() => expect(client.getRoom(ROOM).pending).toEqual([]));
    expect(room.messages).toHaveLength(1);
  });

  test('keeps of a refused message a draft, which can be mended', async () => {
    const { server } = chat();
    const { client } = started(server);
    const id = client.send(ROOM, '');
    client.send(ROOM, 'b');
    await until(() => expect(client.getRoom(ROOM).drafts).toMatchObject([{ clientMessageId: id }]));
    client.retry(id, 'mended');
    await until(() => expect(texts(client)).toEqual(['b', 'mended']));
    expect(client.getRoom(ROOM).drafts).toEqual([]);
  });

  test('of three tabs stores everything once, each tab’s in its order', async () => {
    const { server, room } = chat();
    const indexedDB = new IDBFactory();
    const tabs = [1, 2, 3].map(() => started(server, indexedDbStorage({ userId: 'me', indexedDB })).client);
    for (let n = 0; n < 5; n += 1) tabs.forEach((tab, t) => void tab.send(ROOM, `${t}.${n}`));
    await until(() => expect(room.messages).toHaveLength(15));
    for (const tab of tabs) await until(() => expect(texts(tab)).toHaveLength(15));
    for (const t of [0, 1, 2]) {
      const own = room.messages.map(({ text }) => text ?? '').filter((text) => text.startsWith(`${t}.`));
      expect(own).toEqual([0, 1, 2, 3, 4].map((n) => `${t}.${n}`));
    }
  });

  test('forgets what waits when the person logs out', async () => {
    const { server } = chat();
    const storage = indexedDbStorage({ userId: 'me', indexedDB: new IDBFactory() });
    const { client, transport } = started(server, storage);
    transport.cut();
    client.send(ROOM, 'secret');
    await until(() => expect(client.getRoom(ROOM).pending).toHaveLength(1));
    await client.logOut();
    expect(await storage.load(null)).toEqual([]);
  });

  test('sends nothing before what cannot be read from the storage', async () => {
    const { server, room } = chat();
    const storage = indexedDbStorage({ userId: 'me', indexedDB: new IDBFactory() });
    await storage.add({ roomId: ROOM, text: 'before', clientMessageId: 'b', version: 1 });
    let isBroken = true;
    const flaky = Object.assign(Object.create(storage), {
      load: (roomId: string | null) => (isBroken ? Promise.reject(new Error('busy')) : storage.load(roomId)),
      add: storage.add.bind(storage),
      revise: storage.revise.bind(storage),
    });
    const { client } = started(server, flaky);
    client.send(ROOM, 'after');
    await until(() => expect(client.getRoom(ROOM)).toMatchObject({ status: 'live', pending: [{}] }));
    expect(room.messages).toEqual([]);
    isBroken = false;
    await until(() => expect(texts(client)).toEqual(['before', 'after']));
  });

  test('listens to the page, and no longer once it is stopped', async () => {
    const { server } = chat();
    const [page, text] = [new EventTarget(), new EventTarget()];
    vi.stubGlobal('window', page);
    const focused = { hidden: false, visibilityState: 'visible', hasFocus: () => true };
    vi.stubGlobal('document', Object.assign(text, focused));
    vi.stubGlobal('navigator', { onLine: true });
    const { client, transport } = started(server);
    await until(() => expect(client.getRoom(ROOM).status).toBe('live'));
    page.dispatchEvent(new Event('offline'));
    transport.cut();
    expect(client.getSnapshot().connection).toBe('offline');
    transport.isLinked = true;
    page.dispatchEvent(new Event('online'));
    expect(client.getSnapshot().connection).toBe('connecting');
    await until(() => expect(client.getRoom(ROOM).status).toBe('live'));
    client.stop();
    transport.cut();
    text.dispatchEvent(new Event('visibilitychange'));
    expect(client.getSnapshot().connection).toBe('offline');
  });

  test('marks what is on the screen as read while the page is visible and has the focus, and not before', async () => {
    const { server, room } = chat();
    for (let n = 0; n < 3; n += 1) server.send('other', room, { text: `${n}` });
    const [page, text] = [new EventTarget(), new EventTarget()];
    const state = { hidden: true, visibilityState: 'hidden', hasFocus: () => false };
    vi.stubGlobal('window', page);
    vi.stubGlobal('document', Object.assign(text, state));
    vi.stubGlobal('navigator', { onLine: true });
    const { client } = started(server);
    await until(() => expect(client.getRoom(ROOM).status).toBe('live'));
    client.shown(ROOM, 3);
    Object.assign(text, { hidden: false, visibilityState: 'visible' });
    text.dispatchEvent(new Event('visibilitychange')); // shown, but behind another window
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.calls.get('markRead')).toBeUndefined();
    page.dispatchEvent(new Event('focus'));
    await until(() => expect(room.readSeq.get('me')).toBe(3));
    page.dispatchEvent(new Event('blur'));
    server.send('other', room, { text: 'later' });
    client.shown(ROOM, 4);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([room.readSeq.get('me'), server.calls.get('markRead')]).toEqual([3, 1]);
  });

  test('says that the person is gone when it is stopped or the page goes, and only where somebody was told of them', async () => {
    const { server } = chat();
    const said: unknown[] = [];
    const page = new EventTarget();
    vi.stubGlobal('window', page);
    const shown = { hidden: false, visibilityState: 'visible', hasFocus: () => true };
    vi.stubGlobal('document', Object.assign(new EventTarget(), shown));
    vi.stubGlobal('navigator', { onLine: true });
    const transport = new ModelTransport(server, 'me');
    const call = transport.call.bind(transport);
    transport.call = (operation, variables) => {
      if (operation.field === 'heartbeat') said.push(variables);
      return call(operation, variables);
    };
    const client = new ChatClient({ userId: 'me', deviceId: 'phone', transport });
    running.push(client);
    client.start();
    client.stop();
    expect(said).toEqual([]);
    client.start();
    await until(() => expect(client.getSnapshot().connection).toBe('online'));
    const gone = { status: 'OFFLINE', deviceId: 'phone', watching: null, rooms: [] };
    page.dispatchEvent(new Event('pagehide'));
    expect(said).toEqual([gone]);
    client.stop();
    expect(said).toEqual([gone, gone]);
    client.stop();
    expect(said).toHaveLength(2);
  });

  test('may be stopped and started at any time, as React’s strict mode does', async () => {
    const { server, room } = chat();
    const { client } = started(server);
    for (let n = 0; n < 6; n += 1) {
      client.send(ROOM, `${n}`);
      await new Promise((resolve) => setTimeout(resolve, n));
      client.stop();
      client.start();
    }
    await until(() => expect(client.getRoom(ROOM)).toMatchObject({ status: 'live', pending: [] }));
    expect(room.messages.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(texts(client)).toHaveLength(6);
  });

  test('stores what is composed while it is stopped', async () => {
    const { server } = chat();
    const { client } = started(server);
    client.stop();
    client.send(ROOM, 'later');
    await until(() => expect(client.getRoom(ROOM).pending).toHaveLength(1));
    client.start();
    await until(() => expect(texts(client)).toEqual(['later']));
  });
});

// The driver of tabs with real clients, timers, IndexedDB's stand-in and Node's own BroadcastChannel.
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';

import { ChatClient } from '../src/client.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import { type Locks, tabs } from '../src/tabs.ts';
import { standInLocks } from './locks.ts';
import { ModelServer } from './model/server.ts';
import { ModelTransport } from './model/transport.ts';
import { ROOM } from './support.ts';

const running: ChatClient[] = [];

afterEach(() => {
  for (const client of running.splice(0)) client.stop();
});

class Counted extends ModelTransport {
  isConnected = false;

  override connect(listener: Parameters<ModelTransport['connect']>[0]): void {
    this.isConnected = true;
    super.connect(listener);
  }

  override disconnect(): void {
    this.isConnected = false;
    super.disconnect();
  }
}

function browser(locks: Locks | null = standInLocks()) {
  const server = new ModelServer();
  const room = server.room(ROOM, 'me', 'other');
  const indexedDB = new IDBFactory();
  const deployment = `${Math.random()}`; // Node's channels reach over all tests
  const onSignedOut = vi.fn();
  const open = (userId = 'me') => {
    const transport = new Counted(server, userId);
    const storage = indexedDbStorage({ userId, deployment, indexedDB });
    const shared = tabs({ userId, deployment, locks, onSignedOut });
    const client = new ChatClient({ userId, transport, storage, tabs: shared });
    running.push(client);
    client.start();
    client.open(ROOM);
    return { client, transport, storage };
  };
  return { server, room, open, onSignedOut };
}

const texts = (client: ChatClient) => client.getRoom(ROOM).messages.map(({ text }) => text);
const until = (what: () => void) => vi.waitFor(what, { timeout: 5_000, interval: 5 });
const live = (client: ChatClient) => until(() => expect(client.getRoom(ROOM).status).toBe('live'));

test('three tabs have one connection; what each composes is stored in order and shown in all', async () => {
  const { room, open } = browser();
  const all = [open(), open(), open()];
  for (const { client } of all) await live(client);
  for (let n = 0; n < 6; n += 1) {
    all[n % 3]?.client.send(ROOM, `${n}`);
    await until(() => expect(room.messages).toHaveLength(n + 1));
  }
  for (const { client } of all) {
    await until(() => expect(texts(client)).toEqual(['0', '1', '2', '3', '4', '5']));
    expect(client.getRoom(ROOM).pending).toEqual([]);
  }
  expect(all.map(({ transport }) => transport.isConnected)).toEqual([true, false, false]);
});

test('the next tab takes over when the first is closed, and hears what others send', async () => {
  const { server, room, open } = browser();
  const [first, second] = [open(), open()];
  await live(first.client);
  await live(second.client);
  first.client.stop();
  server.send('other', room, { text: 'meanwhile' });
  await until(() => expect(texts(second.client)).toEqual(['meanwhile']));
  expect(second.transport.isConnected).toBe(true);
  first.client.start();
  await live(first.client);
  expect(first.transport.isConnected).toBe(false);
});

test('what waits in one tab is shown in the others', async () => {
  const { open } = browser();
  const [first, second] = [open(), open()];
  await live(second.client);
  first.transport.cut();
  second.transport.isLinked = false;
  second.client.send(ROOM, 'waits');
  await until(() => expect(first.client.getRoom(ROOM).pending.map(({ text }) => text)).toEqual(['waits']));
});

test('what is stored after a tab was stopped is sent by the one that is there', async () => {
  const { room, open } = browser();
  const [first, second] = [open(), open()];
  await live(first.client);
  await live(second.client);
  second.client.send(ROOM, 'last word');
  second.client.stop();
  await until(() => expect(room.messages).toHaveLength(1));
  await until(() => expect(texts(first.client)).toEqual(['last word']));
});

test('signing out in one tab signs out the others of that person, and nobody else', async () => {
  const { open, onSignedOut, room } = browser();
  room.members.add('you');
  const [first, second, other] = [open(), open(), open('you')];
  for (const { client } of [first, second, other]) await live(client);
  expect(other.transport.isConnected).toBe(true);
  await first.client.logOut();
  await until(() => expect(onSignedOut).toHaveBeenCalledTimes(1));
  expect(second.client.getSnapshot().connection).toBe('offline');
  expect(await second.storage.load(null)).toEqual([]);
  expect(other.client.getSnapshot().connection).toBe('online');
});

test.each([
  ['are none', null],
  ['are refused', { request: () => Promise.reject(new DOMException('no', 'SecurityError')) }],
])('each tab is by itself where locks %s', async (_, locks) => {
  const { open, room } = browser(locks);
  const all = [open(), open()];
  for (const { client } of all) await live(client);
  all[0]?.client.send(ROOM, 'a');
  for (const { client } of all) await until(() => expect(texts(client)).toEqual(['a']));
  expect(all.map(({ transport }) => transport.isConnected)).toEqual([true, true]);
  expect(room.messages).toHaveLength(1);
});

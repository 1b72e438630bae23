// Versions of the database: what a page of before has queued is there after the upgrade, and a page of before leaves alone what a
// newer one has.
import { IDBFactory } from 'fake-indexeddb';
import { expect, test, vi } from 'vitest';

import { ChatClient } from '../src/client.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import { ModelServer } from './model/server.ts';
import { ModelTransport } from './model/transport.ts';
import { ROOM } from './support.ts';

const until = (what: () => void) => vi.waitFor(what, { timeout: 5_000, interval: 5 });
const NAME = 'appsync-chat/default/me';

function opened(
  indexedDB: IDBFactory,
  version: number,
  upgrade: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, version);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A database as the first version of the library made it, with a message, a draft and an edit. */
async function first(indexedDB: IDBFactory): Promise<void> {
  const database = await opened(indexedDB, 1, (made) => {
    const store = made.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
    store.createIndex('id', 'clientMessageId', { unique: true });
    store.createIndex('room', 'roomId');
  });
  const base = { roomId: ROOM, version: 1 };
  const refusal = { code: 'InvalidInput', sentence: 'No.', values: {} };
  const store = database.transaction('outbox', 'readwrite').objectStore('outbox');
  store.add({ ...base, text: 'waits', clientMessageId: 'a' });
  store.add({ ...base, text: 'draft', clientMessageId: 'b', refusal });
  store.add({
    ...base,
    kind: 'edit',
    target: 'm1',
    text: 'edited',
    clientMessageId: 'edit/m1',
    refusal: null,
  });
  await new Promise((resolve) => {
    store.transaction.oncomplete = resolve;
  });
  database.close();
}

test('what the first version has queued is there in the second, and goes on from there', async () => {
  const indexedDB = new IDBFactory();
  await first(indexedDB);
  const storage = indexedDbStorage({ userId: 'me', indexedDB });
  expect(await storage.load(null)).toMatchObject([
    { n: 1, clientMessageId: 'a', text: 'waits', isDurable: true },
    { n: 2, clientMessageId: 'b', refusal: { code: 'InvalidInput' } },
    { n: 3, clientMessageId: 'edit/m1', kind: 'edit', target: 'm1' },
  ]);
  const files = [{ key: 'f', name: 'f', contentType: 'text/plain', size: 1 }];
  const entry = { roomId: ROOM, text: 'new', clientMessageId: 'c', version: 1, files } as const;
  expect(await storage.add(entry, undefined, new Map([['f', new Blob(['x'])]]))).toMatchObject({ n: 4 });
  expect(await (await storage.file('f'))?.text()).toBe('x');
  await storage.revise('c', () => null);
  expect(await storage.file('f')).toBeNull();
  expect(storage.isOutdated).toBe(false);
});

test('a client sends what the first version has queued', async () => {
  const indexedDB = new IDBFactory();
  await first(indexedDB);
  const server = new ModelServer();
  const room = server.room(ROOM, 'me');
  const transport = new ModelTransport(server, 'me');
  const storage = indexedDbStorage({ userId: 'me', indexedDB });
  const client = new ChatClient({ userId: 'me', transport, storage });
  client.start();
  await until(() => expect(room.messages).toMatchObject([{ text: 'waits', clientMessageId: 'a' }]));
  expect(client.getRoom(ROOM).drafts).toMatchObject([{ clientMessageId: 'b', text: 'draft' }]);
  client.stop();
});

test('a page of before leaves alone what a newer version has, and says so', async () => {
  const indexedDB = new IDBFactory();
  await indexedDbStorage({ userId: 'me', indexedDB }).add({
    roomId: ROOM,
    text: 'before',
    clientMessageId: 'a',
    version: 1,
  });
  const newer = await opened(indexedDB, 99, (database) => database.createObjectStore('more'));
  const server = new ModelServer();
  const room = server.room(ROOM, 'me');
  const storage = indexedDbStorage({ userId: 'me', indexedDB });
  const client = new ChatClient({ userId: 'me', transport: new ModelTransport(server, 'me'), storage });
  expect(client.getSnapshot().isOutdated).toBe(false);
  client.start();
  client.send(ROOM, 'now');
  await until(() => expect(client.getSnapshot()).toMatchObject({ isOutdated: true, isDurable: false }));
  await until(() => expect(room.messages).toMatchObject([{ text: 'now' }]));
  client.stop();
  const kept = newer.transaction('outbox').objectStore('outbox').getAll();
  await until(() => expect(kept.result).toMatchObject([{ clientMessageId: 'a', text: 'before' }]));
  newer.close();
});

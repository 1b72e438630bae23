import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test } from 'vitest';

import type { AnyStored, Entry } from '../src/core/protocol.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import type { OutboxStorage } from '../src/storage/storage.ts';
import { ROOM } from './support.ts';

const entry = (clientMessageId: string, said: object = {}): Entry => ({
  roomId: ROOM,
  text: clientMessageId,
  clientMessageId,
  version: 1,
  ...said,
});
const ids = async (storage: OutboxStorage, roomId: string | null = null) =>
  (await storage.load(roomId)).map(({ clientMessageId }) => clientMessageId);

const BROKEN = 'a browser without storage';

describe.each([
  ['memory', () => memoryStorage()],
  ['IndexedDB', () => indexedDbStorage({ userId: 'me', indexedDB: new IDBFactory() })],
  [BROKEN, () => indexedDbStorage({ userId: 'me', indexedDB: broken })],
])('in %s', (name, made: () => OutboxStorage) => {
  test('entries are in the order in which they were added', async () => {
    const storage = made();
    const added = await Promise.all(['c', 'a', 'b'].map((id) => storage.add(entry(id))));
    expect(await ids(storage)).toEqual(['c', 'a', 'b']);
    const numbers = added.map((each) => each?.n ?? 0);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('entries are found by room, changed and removed', async () => {
    const storage = made();
    const a = await storage.add(entry('a'));
    await storage.add(entry('b', { roomId: 'elsewhere' }));
    expect(await ids(storage, ROOM)).toEqual(['a']);
    const refusal = { code: 'NotRoomMember', sentence: 'No.', values: {} } as const;
    const draft = (held: AnyStored) => ({ ...held, refusal }) as AnyStored;
    expect(await storage.revise('a', draft)).toEqual({ ...a, refusal });
    expect((await storage.load(ROOM))[0]).toEqual({ ...a, refusal });
    expect(await storage.revise('a', () => null)).toBeNull();
    if (a && name !== BROKEN) expect(await storage.revise('a', () => a)).toBeNull();
    expect(await ids(storage)).toEqual(['b']);
    await storage.clear();
    expect(await ids(storage)).toEqual([]);
  });

  test('an entry takes another’s place in one step, and only once', async () => {
    const storage = made();
    await storage.add(entry('a'));
    await storage.add(entry('b'));
    expect(await storage.add(entry('z'), 'a')).toMatchObject({ clientMessageId: 'z' });
    expect(await ids(storage)).toEqual(['b', 'z']);
    // Where nothing can be read nobody knows whether it was done before: rather twice than never.
    if (name !== BROKEN) expect(await storage.add(entry('y'), 'a')).toBeNull();
  });
});

/** As in private mode of some browsers. */
const broken = {
  open() {
    throw new DOMException('not here', 'SecurityError');
  },
} as unknown as IDBFactory;

describe('IndexedDB', () => {
  test('keeps entries over a reload, whole, with what another version wrote', async () => {
    const indexedDB = new IDBFactory();
    await indexedDbStorage({ userId: 'me', indexedDB }).add(entry('a', { replyTo: 'm1' }));
    const [found] = await indexedDbStorage({ userId: 'me', indexedDB }).load(null);
    expect(found).toEqual({ ...entry('a', { replyTo: 'm1' }), n: 1, isDurable: true });
  });

  test('counts over all tabs', async () => {
    const indexedDB = new IDBFactory();
    const tabs = [1, 2, 3].map(() => indexedDbStorage({ userId: 'me', indexedDB }));
    await Promise.all(tabs.flatMap((tab, t) => [1, 2, 3].map((n) => tab.add(entry(`${t}.${n}`)))));
    const all = await tabs[0]?.load(null);
    expect(all?.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const t of [0, 1, 2]) {
      const own = all?.map((each) => each.clientMessageId).filter((id) => id.startsWith(`${t}.`));
      expect(own).toEqual([`${t}.1`, `${t}.2`, `${t}.3`]);
    }
  });

  test('keeps people apart', async () => {
    const indexedDB = new IDBFactory();
    await indexedDbStorage({ userId: 'me', indexedDB }).add(entry('a'));
    expect(await ids(indexedDbStorage({ userId: 'you', indexedDB }))).toEqual([]);
  });

  test('lets go of the database for a newer version, and keeps what was queued', async () => {
    const indexedDB = new IDBFactory();
    const old = indexedDbStorage({ userId: 'me', indexedDB });
    await old.add(entry('a'));
    const newer = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('appsync-chat/default/me', 3);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    expect([...newer.objectStoreNames]).toEqual(['files', 'outbox']);
    newer.close();
    // The old one can open it no more: what is added now stays in memory, and says so.
    expect(await old.add(entry('b'))).toMatchObject({ isDurable: false });
  });

  test('keeps in memory what no space is left for, behind what is stored', async () => {
    const indexedDB = new IDBFactory();
    const storage = indexedDbStorage({ userId: 'me', indexedDB });
    await storage.add(entry('a'));
    const unstorable = entry('b', { attachments: [() => {}] }); // cannot be cloned, as if the quota were exceeded
    expect(await storage.add(unstorable)).toMatchObject({ isDurable: false });
    expect(await ids(storage)).toEqual(['a', 'b']);
    await storage.revise('b', () => null);
    await storage.add(entry('c'));
    expect(await ids(storage)).toEqual(['a', 'c']);
  });
});

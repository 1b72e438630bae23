// The outbox in IndexedDB, which counts by itself: that count is the order of all tabs, whatever their clocks say. Where
// there is no storage, or none left, entries stay in memory and say so (`isDurable`).
import type { AnyEntry, AnyStored } from '../core/protocol.ts';
import { MemoryStorage } from './memory.ts';
import type { OutboxStorage } from './storage.ts';

const VERSION = 1;
const STORE = 'outbox';

/** Which database it is. */
export interface IndexedDbOptions {
  /** Whose: another person's outbox is another database. */
  readonly userId: string;
  /** Which deployment's, where one page speaks to several. */
  readonly deployment?: string;
  readonly indexedDB?: IDBFactory;
}

/** An outbox in IndexedDB; where that fails, in memory, with `isDurable` false. */
export function indexedDbStorage(options: IndexedDbOptions): OutboxStorage {
  return new IndexedDbStorage(options);
}

type Stored = Omit<AnyStored, 'isDurable'>;

class IndexedDbStorage implements OutboxStorage {
  readonly #name: string;
  readonly #factory: IDBFactory | undefined;
  readonly #memory = new MemoryStorage();
  #database: Promise<IDBDatabase> | null = null;

  constructor({ userId, deployment = 'default', indexedDB }: IndexedDbOptions) {
    this.#name = `appsync-chat/${deployment}/${userId}`;
    this.#factory = indexedDB ?? globalThis.indexedDB;
  }

  async add(entry: AnyEntry, replaces?: string): Promise<AnyStored | null> {
    if (replaces && this.#memory.has(replaces)) return this.#memory.add(entry, replaces);
    try {
      const n = await this.#run('readwrite', async (store) => {
        if (replaces) {
          const key = await done(store.index('id').getKey(replaces));
          if (key === undefined) return null;
          store.delete(key);
        }
        return done(store.add(entry));
      });
      if (n === null) return null;
      this.#memory.after(Number(n));
      return { ...entry, n: Number(n), isDurable: true };
    } catch {
      return this.#memory.add(entry);
    }
  }

  async update({ isDurable, ...entry }: AnyStored): Promise<void> {
    if (!isDurable) return this.#memory.update({ ...entry, isDurable });
    await this.#run('readwrite', async (store) => {
      const key = await done(store.index('id').getKey(entry.clientMessageId));
      if (key !== undefined) await done(store.put(entry));
    });
  }

  async remove(clientMessageId: string): Promise<void> {
    if (this.#memory.has(clientMessageId)) return this.#memory.remove(clientMessageId);
    await this.#run('readwrite', async (store) => {
      const key = await done(store.index('id').getKey(clientMessageId));
      if (key !== undefined) await done(store.delete(key));
    });
  }

  async load(roomId: string | null): Promise<readonly AnyStored[]> {
    const volatile = await this.#memory.load(roomId);
    try {
      const found = await this.#run('readonly', (store) =>
        done<Stored[]>(roomId === null ? store.getAll() : store.index('room').getAll(roomId)),
      );
      const durable = found.map((entry) => ({ ...entry, isDurable: true }) as AnyStored);
      for (const { n } of durable) this.#memory.after(n);
      return [...durable, ...volatile].sort((a, b) => a.n - b.n);
    } catch {
      return volatile;
    }
  }

  async clear(): Promise<void> {
    await this.#memory.clear();
    await this.#run('readwrite', (store) => done(store.clear())).catch(() => {});
  }

  /** Once more where the browser has closed the connection meanwhile. */
  async #run<Result>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await transacted(await this.#open(), mode, work);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'InvalidStateError') throw error;
      this.#database = null;
      return transacted(await this.#open(), mode, work);
    }
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= this.#opened().catch((error: unknown) => {
      this.#database = null;
      throw error;
    });
    return this.#database;
  }

  async #opened(): Promise<IDBDatabase> {
    if (!this.#factory) throw new Error('there is no IndexedDB');
    const request = this.#factory.open(this.#name, VERSION);
    request.onupgradeneeded = () => upgrade(request.result);
    const database = await done(request);
    // Another tab's newer version waits for this one to let go.
    database.onversionchange = () => {
      database.close();
      this.#database = null;
    };
    return database;
  }
}

/** What is queued stays: a later version adds to this and takes nothing away. */
function upgrade(database: IDBDatabase): void {
  if (database.objectStoreNames.contains(STORE)) return;
  const store = database.createObjectStore(STORE, { keyPath: 'n', autoIncrement: true });
  store.createIndex('id', 'clientMessageId', { unique: true });
  store.createIndex('room', 'roomId');
}

/** What the work answers, once the transaction is on the disk. */
async function transacted<Result>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction(STORE, mode, { durability: 'strict' });
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
  });
  ended.catch(() => {}); // `work` may have failed before
  const result = await work(transaction.objectStore(STORE));
  await ended;
  return result;
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// The outbox in IndexedDB, which counts by itself: that count is the order of all tabs, whatever their clocks say. Where
// there is no storage, or none left, entries stay in memory and say so (`isDurable`).
import { type AnyEntry, type AnyStored, filesOf } from '../core/protocol.ts';
import { MemoryStorage } from './memory.ts';
import type { OutboxStorage } from './storage.ts';

/** 1: `outbox`. 2: `files` beside it, and read marks among the entries. */
const VERSION = 2;
const STORE = 'outbox';
const FILES = 'files';

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

interface Stores {
  readonly entries: IDBObjectStore;
  readonly files: IDBObjectStore;
}

class IndexedDbStorage implements OutboxStorage {
  readonly #name: string;
  readonly #factory: IDBFactory | undefined;
  readonly #memory = new MemoryStorage();
  #database: Promise<IDBDatabase> | null = null;
  isOutdated = false;

  constructor({ userId, deployment = 'default', indexedDB }: IndexedDbOptions) {
    this.#name = `appsync-chat/${deployment}/${userId}`;
    this.#factory = indexedDB ?? globalThis.indexedDB;
  }

  async add(
    entry: AnyEntry,
    replaces?: string,
    files: ReadonlyMap<string, Blob> = new Map(),
  ): Promise<AnyStored | null> {
    if (replaces && this.#memory.has(replaces)) return this.#memory.add(entry, replaces, files);
    try {
      const n = await this.#run('readwrite', async (stores) => {
        if (replaces) {
          const replaced = await found(stores.entries, replaces);
          if (!replaced) return null;
          remove(stores, replaced, entry);
        }
        for (const [key, file] of files) stores.files.put(file, key);
        return done(stores.entries.add(entry));
      });
      if (n === null) return null;
      this.#memory.after(Number(n));
      return { ...entry, n: Number(n), isDurable: true };
    } catch {
      return this.#memory.add(entry, undefined, files);
    }
  }

  async revise(
    clientMessageId: string,
    change: (entry: AnyStored) => AnyStored | null,
  ): Promise<AnyStored | null> {
    if (this.#memory.has(clientMessageId)) return this.#memory.revise(clientMessageId, change);
    return this.#run('readwrite', async (stores) => {
      const held = await found(stores.entries, clientMessageId);
      const next = held ? change(durable(held)) : null;
      if (held && !next) remove(stores, held, null);
      if (!next) return null;
      const { isDurable, ...entry } = next;
      await done(stores.entries.put(entry));
      return next;
    });
  }

  async load(roomId: string | null): Promise<readonly AnyStored[]> {
    const volatile = await this.#memory.load(roomId);
    try {
      const entries = await this.#run('readonly', ({ entries }) =>
        done<Stored[]>(roomId === null ? entries.getAll() : entries.index('room').getAll(roomId)),
      );
      for (const { n } of entries) this.#memory.after(n);
      return [...entries.map(durable), ...volatile].sort((a, b) => a.n - b.n);
    } catch {
      return volatile;
    }
  }

  async file(key: string): Promise<Blob | null> {
    const volatile = await this.#memory.file(key);
    if (volatile) return volatile;
    return this.#run('readonly', ({ files }) => done<Blob | undefined>(files.get(key))).then(
      (file) => file ?? null,
    );
  }

  async clear(): Promise<void> {
    await this.#memory.clear();
    await this.#run('readwrite', ({ entries, files }) => {
      files.clear();
      return done(entries.clear());
    }).catch(() => {});
  }

  /** Once more where the browser has closed the connection meanwhile. */
  async #run<Result>(mode: IDBTransactionMode, work: (stores: Stores) => Promise<Result>): Promise<Result> {
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
    const database = await done(request).catch((error: unknown) => {
      this.isOutdated = error instanceof Error && error.name === 'VersionError';
      throw error;
    });
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
  const { objectStoreNames: names } = database;
  if (!names.contains(STORE)) {
    const store = database.createObjectStore(STORE, { keyPath: 'n', autoIncrement: true });
    store.createIndex('id', 'clientMessageId', { unique: true });
    store.createIndex('room', 'roomId');
  }
  if (!names.contains(FILES)) database.createObjectStore(FILES);
}

const durable = (entry: Stored) => ({ ...entry, isDurable: true }) as AnyStored;

const found = (entries: IDBObjectStore, clientMessageId: string) =>
  done<Stored | undefined>(entries.index('id').get(clientMessageId));

/** An entry with its files, but for those that another one has now. */
function remove({ entries, files }: Stores, entry: Stored, other: AnyEntry | null): void {
  entries.delete(entry.n);
  for (const key of filesOf(entry as AnyStored, other)) files.delete(key);
}

/** What the work answers, once the transaction is on the disk. */
async function transacted<Result>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction([STORE, FILES], mode, { durability: 'strict' });
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
  });
  ended.catch(() => {}); // `work` may have failed before
  const stores = { entries: transaction.objectStore(STORE), files: transaction.objectStore(FILES) };
  try {
    const result = await work(stores);
    await ended;
    return result;
  } catch (error) {
    if (mode === 'readwrite') abort(transaction); // nothing of it by halves
    throw error;
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // it has ended
  }
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

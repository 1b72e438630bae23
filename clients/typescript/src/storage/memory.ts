import { type AnyEntry, type AnyStored, filesOf } from '../core/protocol.ts';
import type { OutboxStorage } from './storage.ts';

/** Keeps what waits as long as the page is there: for bots and tests, and where a browser has no storage. */
export function memoryStorage(): OutboxStorage {
  return new MemoryStorage();
}

export class MemoryStorage implements OutboxStorage {
  readonly #entries = new Map<string, AnyStored>();
  readonly #files = new Map<string, Blob>();
  #n = 0;

  /** What comes is numbered after this. */
  after(n: number): void {
    this.#n = Math.max(this.#n, n);
  }

  has(clientMessageId: string): boolean {
    return this.#entries.has(clientMessageId);
  }

  async add(
    entry: AnyEntry,
    replaces?: string,
    files?: ReadonlyMap<string, Blob>,
  ): Promise<AnyStored | null> {
    if (replaces) {
      const replaced = this.#entries.get(replaces);
      if (!replaced) return null;
      this.#drop(replaced, entry);
    }
    this.#n += 2 ** -20; // between two numbers of a storage that counts by one
    const stored = { ...entry, n: this.#n, isDurable: false };
    this.#entries.set(entry.clientMessageId, stored);
    for (const [key, file] of files ?? []) this.#files.set(key, file);
    return stored;
  }

  async revise(
    clientMessageId: string,
    change: (entry: AnyStored) => AnyStored | null,
  ): Promise<AnyStored | null> {
    const held = this.#entries.get(clientMessageId);
    const next = held ? change(held) : null;
    if (held && next) this.#entries.set(clientMessageId, next);
    else if (held) this.#drop(held, null);
    return next;
  }

  async load(roomId: string | null): Promise<readonly AnyStored[]> {
    return [...this.#entries.values()].filter((entry) => roomId === null || entry.roomId === roomId);
  }

  async file(key: string): Promise<Blob | null> {
    return this.#files.get(key) ?? null;
  }

  async clear(): Promise<void> {
    this.#entries.clear();
    this.#files.clear();
  }

  /** It goes with its files, but for those that another entry has now. */
  #drop(entry: AnyStored, other: AnyEntry | null): void {
    this.#entries.delete(entry.clientMessageId);
    for (const key of filesOf(entry, other)) this.#files.delete(key);
  }
}

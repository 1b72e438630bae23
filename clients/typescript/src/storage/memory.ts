import type { AnyEntry, AnyStored } from '../core/protocol.ts';
import type { OutboxStorage } from './storage.ts';

/** Keeps what waits as long as the page is there: for bots and tests, and where a browser has no storage. */
export function memoryStorage(): OutboxStorage {
  return new MemoryStorage();
}

export class MemoryStorage implements OutboxStorage {
  readonly #entries = new Map<string, AnyStored>();
  #n = 0;

  /** What comes is numbered after this. */
  after(n: number): void {
    this.#n = Math.max(this.#n, n);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  has(clientMessageId: string): boolean {
    return this.#entries.has(clientMessageId);
  }

  async add(entry: AnyEntry, replaces?: string): Promise<AnyStored | null> {
    if (replaces && !this.#entries.delete(replaces)) return null;
    this.#n += 2 ** -20; // between two numbers of a storage that counts by one
    const stored = { ...entry, n: this.#n, isDurable: false };
    this.#entries.set(entry.clientMessageId, stored);
    return stored;
  }

  async update(entry: AnyStored): Promise<void> {
    if (this.#entries.has(entry.clientMessageId)) this.#entries.set(entry.clientMessageId, entry);
  }

  async remove(clientMessageId: string): Promise<void> {
    this.#entries.delete(clientMessageId);
  }

  async load(roomId: string | null): Promise<readonly AnyStored[]> {
    return [...this.#entries.values()].filter((entry) => roomId === null || entry.roomId === roomId);
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }
}

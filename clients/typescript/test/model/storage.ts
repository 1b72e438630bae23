import type { AnyEntry, AnyStored } from '../../src/core/protocol.ts';

/** What all tabs of a browser share. It survives their ends. */
export class ModelStorage {
  readonly #entries = new Map<string, AnyStored>();
  #n = 0;
  /** The ids that were ever added, in their order, by room. */
  readonly log = new Map<string, string[]>();

  get entries(): readonly AnyStored[] {
    return [...this.#entries.values()].sort((a, b) => a.n - b.n);
  }

  add(entry: AnyEntry, replaces?: string): AnyStored | null {
    if (replaces && !this.#entries.delete(replaces)) return null;
    this.#n += 1;
    const stored = { ...entry, n: this.#n, isDurable: true };
    this.#entries.set(entry.clientMessageId, stored);
    const log = this.log.get(entry.roomId) ?? [];
    log.push(entry.clientMessageId);
    this.log.set(entry.roomId, log);
    return stored;
  }

  update(entry: AnyStored): void {
    if (this.#entries.has(entry.clientMessageId)) this.#entries.set(entry.clientMessageId, entry);
  }

  remove(clientMessageId: string): void {
    this.#entries.delete(clientMessageId);
  }

  load(roomId: string | null): readonly AnyStored[] {
    return this.entries.filter((entry) => roomId === null || entry.roomId === roomId);
  }
}

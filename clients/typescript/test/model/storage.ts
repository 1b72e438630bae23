import {
  type AnyEntry,
  type AnyStored,
  type Effect,
  type Event,
  filesOf,
  revised,
} from '../../src/core/protocol.ts';

/** What all tabs of a browser share. It survives their ends. */
export class ModelStorage {
  readonly #entries = new Map<string, AnyStored>();
  #n = 0;
  /** The keys of files, each of which stands for its bytes. */
  readonly files = new Set<string>();
  /** The ids that were ever added, in their order, by room. */
  readonly log = new Map<string, string[]>();

  get entries(): readonly AnyStored[] {
    return [...this.#entries.values()].sort((a, b) => a.n - b.n);
  }

  add(entry: AnyEntry, replaces?: string): AnyStored | null {
    const replaced = this.#entries.get(replaces ?? '');
    if (replaces && !replaced) return null;
    if (replaced) this.#drop(replaced, entry);
    else for (const key of filesOf(entry)) this.files.add(key);
    this.#n += 1;
    const stored = { ...entry, n: this.#n, isDurable: true };
    this.#entries.set(entry.clientMessageId, stored);
    const log = this.log.get(entry.roomId) ?? [];
    log.push(entry.clientMessageId);
    this.log.set(entry.roomId, log);
    return stored;
  }

  revise(clientMessageId: string, change: (entry: AnyStored) => AnyStored | null): AnyStored | null {
    const held = this.#entries.get(clientMessageId);
    const next = held ? change(held) : null;
    if (next) this.#entries.set(clientMessageId, next);
    else if (held) this.#drop(held, null);
    return next;
  }

  #drop(entry: AnyStored, other: AnyEntry | null): void {
    this.#entries.delete(entry.clientMessageId);
    for (const key of filesOf(entry, other)) this.files.delete(key);
  }

  /** Carry out what the core asks the storage for, and tell what came of it. */
  carryOut(effect: Effect): Event | null {
    switch (effect.type) {
      case 'add': {
        const { clientMessageId, roomId } = effect.entry;
        const entry = this.add(effect.entry, effect.replaces);
        return entry ? { type: 'added', entry } : { type: 'notAdded', roomId, clientMessageId };
      }
      case 'remove':
        this.revise(effect.clientMessageId, () => null);
        return null;
      case 'revise': {
        const { roomId, clientMessageId, by } = effect;
        const entry = this.revise(clientMessageId, (held) => revised(held, by));
        return { type: 'revised', roomId, clientMessageId, by, entry };
      }
      case 'load':
        return { type: 'loaded', roomId: effect.roomId, entries: this.load(effect.roomId) };
    }
    return null;
  }

  load(roomId: string | null): readonly AnyStored[] {
    return this.entries.filter((entry) => roomId === null || entry.roomId === roomId);
  }
}

import type { Entry, StoredEntry } from '../core/protocol.ts';

/** Where what waits to be sent is kept. Whatever is added gets a number that is larger than all before, over all tabs. */
export interface OutboxStorage {
  /**
   * Never rejects: what cannot be kept for good is kept in memory, with `isDurable` false.
   * `replaces`: removed in the same step; where it is not there any more nothing is added, and `null` comes.
   */
  add(entry: Entry, replaces?: string): Promise<StoredEntry | null>;
  /** Another state of an entry that is there. */
  update(entry: StoredEntry): Promise<void>;
  /** Forget an entry, whether it is there or not. */
  remove(clientMessageId: string): Promise<void>;
  /** Of a room, or of all; in the order of their numbers. */
  load(roomId: string | null): Promise<readonly StoredEntry[]>;
  /** Everything of this person. */
  clear(): Promise<void>;
}

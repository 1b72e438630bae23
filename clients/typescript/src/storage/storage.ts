import type { AnyEntry, AnyStored } from '../core/protocol.ts';

/** Where what waits to be sent is kept. Whatever is added gets a number that is larger than all before, over all tabs. */
export interface OutboxStorage {
  /** A newer version of this library has what is stored: it is left as it is, and what comes is kept in memory. */
  readonly isOutdated?: boolean;
  /**
   * Never rejects: what cannot be kept for good is kept in memory, with `isDurable` false.
   * `replaces`: removed in the same step; where it is not there any more nothing is added, and `null` comes.
   * `files`: those of the entry's files that are new, by their keys.
   */
  add(entry: AnyEntry, replaces?: string, files?: ReadonlyMap<string, Blob>): Promise<AnyStored | null>;
  /**
   * Another state of an entry that is there, or none (`null`), as `change` says of what is stored, in one step; its files
   * go with it. Returns what is stored then.
   */
  revise(clientMessageId: string, change: (entry: AnyStored) => AnyStored | null): Promise<AnyStored | null>;
  /** Of a room, or of all; in the order of their numbers. */
  load(roomId: string | null): Promise<readonly AnyStored[]>;
  /** A file of an entry. */
  file(key: string): Promise<Blob | null>;
  /** Everything of this person. */
  clear(): Promise<void>;
}

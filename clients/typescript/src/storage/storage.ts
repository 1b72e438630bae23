import type { AnyEntry, AnyStored } from '../core/protocol.ts';

/** Where what waits to be sent is kept. Whatever is added gets a number that is larger than all before, over all tabs. */
export interface OutboxStorage {
  /**
   * Never rejects: what cannot be kept for good is kept in memory, with `isDurable` false.
   * `replaces`: removed in the same step; where it is not there any more nothing is added, and `null` comes.
   */
  add(entry: AnyEntry, replaces?: string): Promise<AnyStored | null>;
  /** Another state of an entry that is there. */
  update(entry: AnyStored): Promise<void>;
  remove(clientMessageId: string): Promise<void>;
  /** Of a room, or of all; in the order of their numbers. */
  load(roomId: string | null): Promise<readonly AnyStored[]>;
  /** Everything of this person. */
  clear(): Promise<void>;
}

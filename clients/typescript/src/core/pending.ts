// A room's messages that are not stored by the server yet, as the storage is known to have them, and what a person sees of them.
import type { StoredEntry } from './protocol.ts';
import type { Refusal } from './refusals.ts';
import type { PendingMessage } from './shown.ts';

/** What waits to be sent, and what was finally refused. */
export interface Shown {
  readonly pending: readonly PendingMessage[];
  readonly drafts: readonly PendingMessage[];
}

/** Which message is on its way, and what it waits for. */
export interface Way {
  readonly id: string | null;
  readonly isSending: boolean;
  readonly waitsFor: Refusal | null;
}

export class Pending {
  /** In the order in which they go. */
  entries: readonly StoredEntry[] = [];
  /** How much of each file is there. */
  readonly #parts = new Map<string, number>();
  #shown: Shown | null = null;

  get(id: string): StoredEntry | undefined {
    return this.entries.find(({ clientMessageId }) => clientMessageId === id);
  }

  /** The last of the same id counts. */
  set(entries: readonly StoredEntry[]): void {
    const byId = new Map(entries.map((entry) => [entry.clientMessageId, entry]));
    this.entries = [...byId.values()].sort((a, b) => a.n - b.n);
    this.#shown = null;
  }

  put(entry: StoredEntry): void {
    this.set([...this.entries, entry]);
  }

  drop(id: string): void {
    for (const { key } of this.get(id)?.files ?? []) this.#parts.delete(key);
    this.set(this.entries.filter(({ clientMessageId }) => clientMessageId !== id));
  }

  progress(key: string, part: number): void {
    if (!this.entries.some(({ files }) => files?.some((file) => file.key === key))) return;
    this.#parts.set(key, part);
    this.#shown = null;
  }

  /** What is on its way, or what it waits for, is another. */
  changed(): void {
    this.#shown = null;
  }

  /** The same object until something changes. */
  look(way: () => Way): Shown {
    this.#shown ??= this.#look(way());
    return this.#shown;
  }

  #look(way: Way): Shown {
    const wanted = this.entries.filter(({ after }) => after?.kind !== 'remove');
    const of = (isDraft: boolean) =>
      wanted
        .filter(({ refusal }) => Boolean(refusal) === isDraft)
        .map((entry) => pendingOf(entry, way, this.#parts));
    return { pending: of(false), drafts: of(true) };
  }
}

function pendingOf(entry: StoredEntry, way: Way, parts: ReadonlyMap<string, number>): PendingMessage {
  const { clientMessageId, roomId, attachments, isDurable, files = [], after } = entry;
  const isFirst = way.id === clientMessageId;
  return {
    clientMessageId,
    roomId,
    text: after?.text ?? entry.text,
    attachments,
    files: files.map(({ key, name, contentType, size, isPosted }) => ({
      key,
      name,
      contentType,
      size,
      part: isPosted ? 1 : (parts.get(key) ?? 0),
    })),
    isDurable,
    status: entry.refusal ? 'draft' : isFirst && way.isSending ? 'sending' : 'waiting',
    refusal: entry.refusal ?? (isFirst ? way.waitsFor : null),
  };
}

// What the outbox's storage keeps: messages that wait, and what was done to messages that the server has.
import type { SendMessageVariables, Upload } from '../wire/generated/types.ts';
import type { Refusal } from './refusals.ts';

/** A file that goes with a message; its bytes are in the storage, under the key. */
export interface QueuedFile {
  readonly key: string;
  readonly name: string;
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  /** Where it may be posted to; absent as long as nobody has asked for that. */
  readonly upload?: Upload | null;
  /** Whether the file is there. */
  readonly isPosted?: boolean;
}

/** What somebody composed: what `sendMessage` is called with, under one `clientMessageId` for ever. */
export type Composed = SendMessageVariables & {
  readonly clientMessageId: string;
  readonly files?: readonly QueuedFile[];
};

/** What is done to a message as soon as the server has it. */
export type Following = Pick<Change, 'kind' | 'text' | 'mentions' | 'mentionsAll'>;

/** A message that is not stored by the server yet, as the outbox's storage keeps it. */
export interface Entry extends Composed {
  /** The form of this record: what another version of the client wrote is kept, whatever it is. */
  readonly version: 1;
  /** Why it was finally refused, if it was: then it is a draft, for the person to mend or to throw away. */
  readonly refusal?: Refusal | null;
  /** A try may have reached the server: from then on what is sent under this id stays as it is. */
  readonly isTried?: boolean;
  /** Whose tries may have reached the server without an answer that is known: a tab, each time that it begins with the message. */
  readonly tries?: readonly string[];
  readonly after?: Following | null;
}

/** An entry that is stored: `n` rises with each, over all tabs. */
export interface StoredEntry extends Entry {
  readonly n: number;
  /** Whether it outlives the page: not where there is no storage, or none left. */
  readonly isDurable: boolean;
}

/** What somebody does to a message that the server has. */
export interface Change {
  readonly kind: 'edit' | 'remove' | 'react';
  /** The message's id. */
  readonly target: string;
  /** Of an edit. */
  readonly text?: string;
  readonly mentions?: readonly string[];
  readonly mentionsAll?: boolean;
  /** Of a reaction. */
  readonly emoji?: string;
  readonly on?: boolean;
}

/** The same as the storage keeps it, under a key of which there is one. */
export interface ChangeEntry extends Change {
  readonly version: 1;
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly refusal?: Refusal | null;
}

export interface StoredChange extends ChangeEntry {
  readonly n: number;
  readonly isDurable: boolean;
}

/** How far the person has read in a room, which the server does not know yet; of each room there is one. */
export interface MarkEntry {
  readonly version: 1;
  readonly kind: 'read';
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly seq: number;
  readonly refusal?: null;
}

export interface StoredMark extends MarkEntry {
  readonly n: number;
  readonly isDurable: boolean;
}

export type AnyEntry = Entry | ChangeEntry | MarkEntry;
export type AnyStored = StoredEntry | StoredChange | StoredMark;

/** Whether it is a message that waits, how far somebody has read, or something about a message that the server has. */
export const isMessage = <Other extends { readonly kind: string }, Send extends Entry>(
  entry: Send | Other,
): entry is Send => !('kind' in entry);
export const isMark = (entry: AnyStored): entry is StoredMark => 'kind' in entry && entry.kind === 'read';

/** What becomes of a message that waits, of a mark, or of a change. The storage applies it in one step to what it has: several tabs may say so at once. */
export type Revision =
  /** It is about to be sent. */
  | { readonly kind: 'try'; readonly by: string }
  /** Where its files are; `isAnew`: the server will not have those that it was tried with. */
  | { readonly kind: 'files'; readonly files: readonly QueuedFile[]; readonly isAnew?: boolean }
  /** It goes to the person. With `over` only where no tries but these may still be on their way; these are not any more. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly over?: readonly string[] }
  /** Another text for it. */
  | { readonly kind: 'mend'; readonly said: Omit<Following, 'kind'> }
  /** The person does not want it any more. */
  | { readonly kind: 'drop' }
  /** The server has it. */
  | { readonly kind: 'settle' }
  /** The person has read up to this number, or the server knows it. */
  | { readonly kind: 'read' | 'said'; readonly seq: number }
  /** Of a change: this takes its place, or the server has this. */
  | { readonly kind: 'change' | 'done'; readonly change: ChangeEntry };

/** The entry as it is from then on; `null`: it is not kept any more. */
export function revised<Stored extends AnyEntry>(entry: Stored, by: Revision): Stored | null {
  if (isMessage<ChangeEntry | MarkEntry, Entry>(entry)) return message(entry, by) as Stored | null;
  if (by.kind === 'change') return { ...entry, ...by.change };
  if (by.kind === 'done') return 'target' in entry && isSameChange(entry, by.change) ? null : entry;
  if (!('seq' in entry) || !('seq' in by)) return entry;
  if (by.kind === 'read') return { ...entry, seq: Math.max(entry.seq, by.seq) };
  return entry.seq > by.seq ? entry : null;
}

function message(entry: Entry, by: Revision): Entry | null {
  const { after, isTried, tries = [] } = entry;
  switch (by.kind) {
    case 'try': // another tab may have asked for other forms meanwhile
      return entry.files?.some(({ isPosted }) => !isPosted)
        ? entry
        : { ...entry, isTried: true, tries: [...tries, by.by] };
    case 'files':
      if (by.isAnew) return { ...entry, files: by.files, isTried: false, tries: [] };
      return isTried ? entry : { ...entry, files: by.files };
    case 'refuse': {
      const { over } = by;
      const left = over ? tries.filter((each) => !over.includes(each)) : [];
      if (left.length > 0) return { ...entry, tries: left };
      if (after?.kind === 'remove') return null;
      const { kind, ...said } = after ?? {};
      return { ...entry, ...said, after: null, refusal: by.refusal };
    }
    case 'mend':
      if (after?.kind === 'remove') return entry;
      return isTried ? { ...entry, after: { kind: 'edit', ...by.said } } : { ...entry, ...by.said };
    case 'drop':
      return isTried && !entry.refusal ? { ...entry, after: { kind: 'remove' } } : null;
    case 'settle':
      return after ? entry : null;
    default:
      return entry;
  }
}

/** Whether both say the same of the same thing. */
export function isSameChange(a: Change, b: Change): boolean {
  const said = ({ text, on, mentions, mentionsAll }: Change) =>
    JSON.stringify([text, on, mentions, mentionsAll]);
  return said(a) === said(b);
}

/** The keys of an entry's files, but for those that another one has now. */
export function filesOf(entry: AnyEntry, other: AnyEntry | null = null): string[] {
  const kept = other ? filesOf(other) : [];
  const files = ('files' in entry && entry.files) || [];
  return files.map(({ key }) => key).filter((key) => !kept.includes(key));
}

// What was done to messages of one room and is not at the server yet: edits, removals and reactions. Each is stored before it
// is shown and kept until the server has it or has finally refused it. Of the same thing the last one counts: another edit of
// a message, or the same reaction on and off, take the place of the one before; a removal ends all else about its message.
// They do not wait for messages that wait for a rate or a mute. Before each request the storage is asked, since another tab
// may have sent it, or changed it.
import type { Message } from '../wire/generated/types.ts';
import type { Host } from './host.ts';
import {
  type Change,
  type ChangeEntry,
  isSameChange,
  type RequestField,
  type Revision,
  type StoredChange,
} from './protocol.ts';
import type { Refusal } from './refusals.ts';
import type { PendingChange } from './shown.ts';
import { type ChangeStatus, NO_CHANGES, shownChanges } from './shown-changes.ts';
import { Wait } from './wait.ts';

/** Refusals that say nothing about what was asked for: the second of them is final. */
const MOST_FAULTS = 2;
const PASSING = new Set(['RateLimited', 'ServiceUnavailable', 'Unreachable', 'Muted']);

type Phase = 'idle' | 'loading' | 'sending' | 'waiting' | 'blocked';

interface Held {
  entry: ChangeEntry;
  /** As the storage has it; `null` until it has. */
  stored: StoredChange | null;
  /** How many revisions are on their way there: what was read before them is old. */
  revisions: number;
  /** The message that waited, where this was said of it then and not since it is stored. */
  follows: string | null;
}

/** Who hears of what the server has taken. */
export interface ChangesListener {
  /** The message that an edit or a removal is answered with. */
  tell(message: Message): void;
  /** The person reacts so, or does so no more. */
  reacted(id: string, emoji: string, on: boolean): void;
}

export class RoomChanges {
  #phase: Phase = 'idle';
  readonly #held = new Map<string, Held>();
  #sending: ChangeEntry | null = null;
  #faults = 0;
  #snapshot = NO_CHANGES;
  readonly #host: Host;
  readonly #roomId: string;
  readonly #listener: ChangesListener;
  readonly #wait: Wait;

  constructor(roomId: string, host: Host, listener: ChangesListener) {
    this.#roomId = roomId;
    this.#host = host;
    this.#listener = listener;
    this.#wait = new Wait(host, `changes/${roomId}`);
  }

  /** By the message's id: the same map until something changes. */
  get snapshot(): ReadonlyMap<string, PendingChange> {
    return this.#snapshot;
  }

  /** How many wait. */
  get waiting(): number {
    return [...this.#held.values()].filter(({ entry }) => !entry.refusal).length;
  }

  /** Store what somebody did. */
  change(change: Change): void {
    this.#take(change);
  }

  /** The message that waited under this id is stored by the server, and this is to be done to it: once, over all tabs. */
  follow(change: Change, replaces: string | null): void {
    if (replaces === null) return this.#take(change);
    // What was done to it since it is stored counts more.
    const held = this.#held.get(keyOf(change));
    if (held && held.follows !== replaces) this.#host.emit({ type: 'remove', clientMessageId: replaces });
    else this.#take(change, replaces);
  }

  /** `follows`: the message that waited. What is said of it first takes its place in the storage. */
  #take(change: Change, follows: string | null = null): void {
    const key = keyOf(change);
    const isFirst = ![...this.#held.values()].some((each) => each.follows === follows);
    const replaces = isFirst ? follows : null;
    if (change.kind === 'remove') {
      for (const [other, { entry }] of this.#held) if (entry.target === change.target) this.#drop(other);
    }
    const held = this.#held.get(key);
    const entry: ChangeEntry = {
      ...change,
      version: 1,
      clientMessageId: key,
      roomId: this.#roomId,
      refusal: null,
    };
    if (!held) {
      this.#held.set(key, { entry, stored: null, revisions: 0, follows });
      this.#host.emit({ type: 'add', entry, ...(replaces ? { replaces } : {}) });
    } else {
      held.entry = entry;
      held.follows = follows;
      if (held.stored) this.#store(held, held.stored);
    }
    this.#faults = 0;
    this.#changed();
    this.#go();
  }

  /** Nothing is done any more to these messages. */
  erase(ids: readonly string[]): void {
    for (const [key, { entry }] of this.#held) if (ids.includes(entry.target)) this.#drop(key);
    this.#changed();
  }

  /** It is stored here. What was done meanwhile takes its place there. */
  added(stored: StoredChange): void {
    const held = this.#held.get(stored.clientMessageId);
    if (!held)
      this.#host.emit({ type: 'remove', clientMessageId: stored.clientMessageId, roomId: this.#roomId });
    else if (isSameChange(held.entry, stored)) held.stored = stored;
    else this.#store(held, stored);
    this.#go();
  }

  /** Another tab has done it. */
  notAdded(key: string): void {
    if (this.#held.get(key)?.stored !== null) return;
    this.#held.delete(key);
    this.#changed();
  }

  /** What the storage has of it now; `null`: another tab has done what was said before, and this is still to be done. */
  revised(key: string, stored: StoredChange | null | undefined): void {
    const held = this.#held.get(key);
    if (!held || held.revisions === 0) return;
    held.revisions -= 1;
    if (stored !== null || held.revisions > 0 || !held.stored) return;
    held.stored = null;
    this.#host.emit({ type: 'add', entry: held.entry });
  }

  /** The storage's answer: what it has of this room. */
  loaded(entries: readonly StoredChange[]): void {
    const found = new Map(entries.map((entry) => [entry.clientMessageId, entry]));
    for (const [key, { entry, stored, revisions }] of this.#held) {
      if (!stored || revisions > 0 || found.has(key)) continue;
      this.#held.delete(key);
      if (!entry.refusal) this.#taken(entry); // by another tab
    }
    for (const [key, stored] of found) {
      const { n, isDurable, ...entry } = stored;
      const held = this.#held.get(key);
      // What was refused is so here, even if the storage could not take that in.
      const refusal = entry.refusal ?? (held && isSameChange(held.entry, entry) ? held.entry.refusal : null);
      if (!held || (held.stored && held.revisions === 0))
        this.#held.set(key, {
          entry: { ...entry, refusal: refusal ?? null },
          stored,
          revisions: 0,
          follows: held?.follows ?? null,
        });
    }
    this.#changed();
    if (this.#phase !== 'loading') return this.#go();
    this.#phase = 'idle';
    this.#send();
  }

  /** The network or the token is there again, or what was waited for is over. */
  wake(): void {
    if (this.#phase !== 'waiting' && this.#phase !== 'blocked') return;
    this.#phase = 'idle';
    this.#wait.end();
    this.#go();
  }

  /** Once more, what was finally refused. */
  retry(key: string): void {
    const held = this.#held.get(key);
    if (!held?.entry.refusal) return;
    held.entry = { ...held.entry, refusal: null };
    if (held.stored) this.#store(held, held.stored);
    this.#changed();
    this.#go();
  }

  /** Throw away what was finally refused. */
  discard(key: string): void {
    if (!this.#held.get(key)?.entry.refusal) return;
    this.#drop(key);
    this.#changed();
  }

  /** What is first: a tab that does not lead sends only what no other tab can read. */
  get #first(): Held | undefined {
    let first: Held | undefined;
    for (const held of this.#held.values()) {
      if (held.entry.refusal || !held.stored) continue;
      if (held.stored.isDurable && !this.#host.leads()) continue;
      if (!first || held.stored.n < (first.stored?.n ?? 0)) first = held;
    }
    return first;
  }

  #go(): void {
    if (this.#phase !== 'idle' || !this.#first) return;
    this.#phase = 'loading';
    this.#host.emit({ type: 'load', roomId: this.#roomId });
  }

  #send(): void {
    const first = this.#first?.entry;
    if (!first) return;
    this.#phase = 'sending';
    if (this.#sending?.clientMessageId !== first.clientMessageId) {
      this.#wait.succeeded();
      this.#faults = 0;
    }
    this.#sending = first;
    this.#changed();
    const [field, variables] = requestOf(first);
    this.#host.request(field, variables, (value, refusal) => this.#answered(first, value, refusal));
  }

  #answered(sent: ChangeEntry, value: unknown, refusal: Refusal | null): void {
    if (this.#phase !== 'sending' || this.#sending !== sent) return;
    this.#phase = 'idle';
    if (refusal) return this.#refused(sent, refusal);
    if (sent.kind !== 'react' && value) this.#listener.tell(value as Message);
    this.#taken(sent);
    const held = this.#held.get(sent.clientMessageId);
    if (held && isSameChange(held.entry, sent)) this.#held.delete(sent.clientMessageId);
    this.#revise({ kind: 'done', change: sent });
    this.#wait.succeeded();
    this.#faults = 0;
    this.#changed();
    this.#go();
  }

  /** The server has it. */
  #taken({ kind, target, emoji = '', on = true }: ChangeEntry): void {
    if (kind === 'react') this.#listener.reacted(target, emoji, on);
  }

  #refused(sent: ChangeEntry, refusal: Refusal): void {
    if (refusal.code === 'Unauthorized' || refusal.code === 'IdentityRefused') {
      this.#phase = 'blocked';
      this.#changed();
      return this.#host.unauthorized();
    }
    const isFault = refusal.code === 'InternalError' || refusal.code === 'Unknown';
    if (isFault) this.#faults += 1;
    if (PASSING.has(refusal.code) || (isFault && this.#faults < MOST_FAULTS)) return this.#pause(refusal);
    const held = this.#held.get(sent.clientMessageId);
    if (held && isSameChange(held.entry, sent)) {
      held.entry = { ...held.entry, refusal };
      if (held.stored) this.#store(held, held.stored);
    }
    this.#changed();
    this.#go();
  }

  #pause(refusal: Refusal): void {
    this.#phase = 'waiting';
    this.#changed();
    this.#wait.begin(refusal);
  }

  #store(held: Held, { n, isDurable }: StoredChange): void {
    held.stored = { ...held.entry, n, isDurable };
    held.revisions += 1;
    this.#revise({ kind: 'change', change: held.entry });
  }

  #revise(by: Extract<Revision, { readonly change: ChangeEntry }>): void {
    const { clientMessageId } = by.change;
    this.#host.emit({ type: 'revise', roomId: this.#roomId, clientMessageId, by });
  }

  #drop(key: string): void {
    // What is on its way to the storage is taken away once it is there.
    if (this.#held.get(key)?.stored)
      this.#host.emit({ type: 'remove', clientMessageId: key, roomId: this.#roomId });
    this.#held.delete(key);
  }

  #changed(): void {
    const entries = [...this.#held.values()].map(({ entry }) => entry);
    this.#snapshot = shownChanges(entries, (entry) => this.#status(entry));
  }

  #status(entry: ChangeEntry): ChangeStatus {
    if (entry.refusal) return 'refused';
    const isSending = this.#phase === 'sending' && this.#sending?.clientMessageId === entry.clientMessageId;
    return isSending ? 'sending' : 'waiting';
  }
}

/** Of the same key there is one. */
export const keyOf = ({ kind, target, emoji }: Change) =>
  `${kind}/${target}${kind === 'react' ? `/${emoji}` : ''}`;

function requestOf(entry: ChangeEntry): [RequestField, Readonly<Record<string, unknown>>] {
  const { roomId, target: id, kind, text, mentions, mentionsAll, emoji, on } = entry;
  if (kind === 'remove') return ['removeMessage', { roomId, id }];
  if (kind === 'react') return ['react', { roomId, id, emoji, on }];
  return ['editMessage', { roomId, id, text, mentions, mentionsAll }];
}

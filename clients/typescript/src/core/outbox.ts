// One room's outbox. First in, first out: the next message goes only when the one before is stored by the server or was
// finally refused. The storage says what is first, so that tabs that do not know of each other keep the order as well;
// before each send it is asked. A message is removed from there only after the server has it, and is sent under the same
// id however often that takes, so it is stored once.
import type { Message } from '../wire/generated/types.ts';
import {
  type Composed,
  type Effect,
  type Host,
  type PendingMessage,
  pause,
  type StoredEntry,
} from './protocol.ts';
import type { Refusal } from './refusals.ts';

/** Refusals that say nothing about what was sent: the second of them is final. */
const MOST_FAULTS = 2;
/** Timers of platforms do not run much longer, and a mute may be lifted. */
const LONGEST_WAIT_MS = 600_000;

const malformed: Refusal = { code: 'Unknown', errorType: 'MalformedAnswer', sentence: '', values: {} };

type Phase = 'idle' | 'loading' | 'sending' | 'waiting' | 'blocked';

export class RoomOutbox {
  #phase: Phase = 'idle';
  #entries: StoredEntry[] = [];
  /** What needs to be sent no more, and may still come from the storage. */
  readonly #settled = new Set<string>();
  #sending: string | null = null;
  #attempts = 0;
  #faults = 0;
  /** Another tab has changed the storage since it was asked. */
  #isStale = false;
  #until = 0;
  #waitsFor: Refusal | null = null;
  #snapshot: { pending: readonly PendingMessage[]; drafts: readonly PendingMessage[] } | null = null;
  readonly #host: Host;
  readonly #roomId: string;
  readonly #tell: (message: Message) => void;

  /** `tell`: hears of the message that a send is answered with, before it leaves the outbox. */
  constructor(roomId: string, host: Host, tell: (message: Message) => void) {
    this.#roomId = roomId;
    this.#host = host;
    this.#tell = tell;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0 && this.#phase === 'idle';
  }

  /** What waits to be sent, and what was finally refused: the same object until something changes. */
  get snapshot(): { pending: readonly PendingMessage[]; drafts: readonly PendingMessage[] } {
    this.#snapshot ??= {
      pending: this.#entries.filter(({ refusal }) => !refusal).map((entry) => this.#shown(entry)),
      drafts: this.#entries.filter(({ refusal }) => refusal).map((entry) => this.#shown(entry)),
    };
    return this.#snapshot;
  }

  /** Store what somebody composed. It is shown, and goes, once it is stored. */
  compose(message: Composed): void {
    this.#emit({ type: 'add', entry: { ...message, version: 1 } });
  }

  /** It is stored here. */
  added(entry: StoredEntry): void {
    if (!this.#settled.has(entry.clientMessageId)) this.#mirror([...this.#entries, entry]);
    this.go();
  }

  /** The storage's answer: what it has of this room. */
  loaded(entries: readonly StoredEntry[]): void {
    const isSettled = ({ clientMessageId }: StoredEntry) => this.#settled.has(clientMessageId);
    for (const { clientMessageId } of entries.filter(isSettled))
      this.#emit({ type: 'remove', clientMessageId });
    // What was refused is a draft here, even if the storage could not take that in.
    const drafts = new Map(this.#entries.map((entry) => [entry.clientMessageId, entry.refusal]));
    this.#mirror(
      entries
        .filter((entry) => !isSettled(entry))
        .map((entry) => ({ ...entry, refusal: entry.refusal ?? drafts.get(entry.clientMessageId) ?? null })),
    );
    if (this.#phase === 'loading') {
      this.#phase = 'idle';
      this.#send();
    } else this.go();
  }

  /** Send what is first, unless something is under way or has to be waited for. */
  go(): void {
    if (this.#phase === 'idle' && (this.#isStale || this.#next())) this.#load();
  }

  /** Look into the storage: another tab has changed it. */
  look(): void {
    if (this.#phase === 'idle') this.#load();
    else if (this.#phase === 'loading') this.#isStale = true;
    else this.#emit({ type: 'load', roomId: this.#roomId });
  }

  /** The network or the token is there again: what waits for that waits no longer. */
  wake(): void {
    const code = this.#waitsFor?.code;
    if (this.#phase === 'blocked' || (this.#phase === 'waiting' && code === 'Unreachable')) this.#resume();
  }

  /** The mute is lifted. */
  unmuted(): void {
    if (this.#phase === 'waiting' && this.#waitsFor?.code === 'Muted') this.#resume();
  }

  /** The server's clock is known better: a wait that was reckoned by it is reckoned anew. */
  clockSet(): void {
    if (this.#waitsFor?.code === 'Muted') this.due();
  }

  /** What was waited for is over, if the clock agrees. */
  due(): void {
    if (this.#phase !== 'waiting' && this.#phase !== 'blocked') return;
    if (this.#waitsFor?.code === 'Muted' && this.#host.serverNow() < this.#until) this.#wait(this.#waitsFor);
    else this.#resume();
  }

  /** A message of this room was seen: if it is one of these it is stored, whatever becomes of the answer. */
  seen(message: Message): void {
    const id = message.clientMessageId;
    if (!id) return;
    if (this.#entries.some(({ clientMessageId }) => clientMessageId === id)) this.#settle(id);
    else this.#settled.add(id); // another tab's, which may still be in the storage
  }

  /** A draft again, under a new id, at the end of the queue. */
  retry(clientMessageId: string, newId: string, text?: string): void {
    const draft = this.#entries.find((entry) => entry.clientMessageId === clientMessageId && entry.refusal);
    if (!draft) return;
    this.#settled.add(clientMessageId);
    this.#drop(clientMessageId);
    const { n, isDurable, refusal, ...composed } = draft;
    const entry = { ...composed, clientMessageId: newId, text: text ?? composed.text };
    this.#emit({ type: 'add', entry, replaces: clientMessageId });
  }

  /** Throw a draft away. */
  discard(clientMessageId: string): void {
    const draft = this.#entries.find((entry) => entry.clientMessageId === clientMessageId && entry.refusal);
    if (!draft) return;
    this.#settled.add(clientMessageId);
    this.#drop(clientMessageId);
    this.#emit({ type: 'remove', clientMessageId });
  }

  /** What this tab has to send now: one that does not lead sends only what no other tab can read. */
  #next(): StoredEntry | null {
    const first = this.#entries.find(({ refusal }) => !refusal);
    return first && (this.#host.leads() || !first.isDurable) ? first : null;
  }

  #load(): void {
    this.#phase = 'loading';
    this.#isStale = false;
    this.#emit({ type: 'load', roomId: this.#roomId });
  }

  #send(): void {
    const first = this.#next();
    if (!first) return this.go();
    this.#phase = 'sending';
    if (this.#sending !== first.clientMessageId) this.#attempts = this.#faults = 0;
    this.#sending = first.clientMessageId;
    this.#snapshot = null;
    const { n, isDurable, refusal, version, ...variables } = first;
    const id = first.clientMessageId;
    this.#host.request('sendMessage', variables, (value, refused) => this.#answered(id, value, refused));
  }

  #answered(id: string, value: unknown, refused: Refusal | null): void {
    const message = value as Message | null;
    const isStored = !refused && message?.clientMessageId === id && message.roomId === this.#roomId;
    if (isStored) {
      this.#tell(message);
      this.#settle(id);
    } else if (this.#sending === id && this.#phase === 'sending') this.#refused(id, refused ?? malformed);
  }

  #settle(id: string): void {
    if (!this.#settled.has(id)) {
      this.#settled.add(id);
      this.#drop(id);
      this.#emit({ type: 'remove', clientMessageId: id });
    }
    if (this.#sending !== id) return;
    this.#sending = null;
    this.#waitsFor = null;
    this.#emit({ type: 'cancel', key: this.#timer });
    if (this.#phase === 'loading') return;
    this.#phase = 'idle';
    this.go();
  }

  #refused(id: string, refusal: Refusal): void {
    switch (refusal.code) {
      case 'RateLimited':
      case 'Muted':
      case 'ServiceUnavailable':
      case 'Unreachable':
        return this.#wait(refusal);
      case 'Unauthorized':
      case 'IdentityRefused':
        this.#phase = 'blocked';
        this.#waitsFor = refusal;
        this.#snapshot = null;
        return this.#host.unauthorized();
      case 'InternalError':
      case 'Unknown':
        this.#faults += 1;
        return this.#faults < MOST_FAULTS ? this.#wait(refusal) : this.#refuse([id], refusal);
      case 'NotRoomMember':
        return this.#refuse(
          this.#entries.map(({ clientMessageId }) => clientMessageId),
          refusal,
        );
      default:
        return this.#refuse([id], refusal);
    }
  }

  /** These go to the person, with what was said of them; the others go on. */
  #refuse(ids: readonly string[], refusal: Refusal): void {
    const drafts = new Set(ids);
    this.#entries = this.#entries.map((entry) => {
      if (entry.refusal || !drafts.has(entry.clientMessageId)) return entry;
      const draft = { ...entry, refusal };
      this.#emit({ type: 'update', entry: draft });
      return draft;
    });
    this.#resume();
  }

  #wait(refusal: Refusal): void {
    this.#phase = 'waiting';
    this.#waitsFor = refusal;
    this.#snapshot = null;
    this.#emit({ type: 'timer', key: this.#timer, afterMs: this.#pause(refusal) });
  }

  #pause(refusal: Refusal): number {
    if (refusal.code === 'RateLimited') return refusal.retryAfterMs;
    if (refusal.code === 'Muted') {
      const until = Date.parse(refusal.until);
      this.#until = Number.isNaN(until) ? 0 : until;
      const left = this.#until - this.#host.serverNow();
      return Math.min(Math.max(left, 1_000), LONGEST_WAIT_MS);
    }
    this.#attempts += 1;
    return pause(this.#attempts - 1, this.#host.chance());
  }

  #resume(): void {
    this.#phase = 'idle';
    this.#waitsFor = null;
    this.#snapshot = null;
    this.#emit({ type: 'cancel', key: this.#timer });
    this.go();
  }

  #mirror(entries: readonly StoredEntry[]): void {
    const byId = new Map(entries.map((entry) => [entry.clientMessageId, entry]));
    this.#entries = [...byId.values()].sort((a, b) => a.n - b.n);
    this.#snapshot = null;
  }

  #drop(clientMessageId: string): void {
    this.#entries = this.#entries.filter((entry) => entry.clientMessageId !== clientMessageId);
    this.#snapshot = null;
  }

  #shown(entry: StoredEntry): PendingMessage {
    const { clientMessageId, roomId, text, attachments, isDurable } = entry;
    const isSending = this.#phase === 'sending' && this.#sending === clientMessageId;
    const isFirst = this.#sending === clientMessageId;
    return {
      clientMessageId,
      roomId,
      text,
      attachments,
      isDurable,
      status: entry.refusal ? 'draft' : isSending ? 'sending' : 'waiting',
      refusal: entry.refusal ?? (isFirst ? this.#waitsFor : null),
    };
  }

  get #timer(): string {
    return `outbox/${this.#roomId}`;
  }

  #emit(effect: Effect): void {
    this.#host.emit(effect);
  }
}

// One room's outbox. First in, first out: the next message goes only when the one before is stored by the server or was
// finally refused. The storage says what is first, so that tabs that do not know of each other keep the order as well;
// before each send it is asked. A message is removed from there only after the server has it, and is sent under the same
// id however often that takes, so it is stored once. Its files go before it, and the storage knows who may have sent it: where
// the server fails it goes to the person only when no try of another tab, or of one that has ended, may be stored later.
import type { Message } from '../wire/generated/types.ts';
import { Amends } from './amends.ts';
import { Delivery, type Verdict } from './delivery.ts';
import type { Host } from './host.ts';
import { Pending, type Shown } from './pending.ts';
import { type Composed, type Effect, type Revision, revised, type StoredEntry } from './protocol.ts';
import { type Refusal, unreachable } from './refusals.ts';
import { type Follow, Settled } from './settled.ts';
import { Wait } from './wait.ts';

/** For how long a try may be on its way: AppSync ends what takes longer than 30 seconds, and so does the client. */
const FLIGHT_MS = 60_000;

type Phase = 'idle' | 'loading' | 'storing' | 'sending' | 'waiting' | 'blocked';

/** What is on its way waits for the storage's answer to these. */
const AWAITED: ReadonlySet<Revision['kind']> = new Set(['try', 'files', 'refuse']);

export interface OutboxListener {
  /** The message that a send is answered with, before it leaves the outbox. */
  tell(message: Message): void;
  readonly follow: Follow;
}

export class RoomOutbox {
  #phase: Phase = 'idle';
  readonly #pending = new Pending();
  #sending: string | null = null;
  /** Another tab has changed the storage since it was asked. */
  #isStale = false;
  /** How what is on its way goes to the person, once other tries of it are so no longer. */
  #doubt: Revision | null = null;
  readonly #host: Host;
  readonly #roomId: string;
  readonly #listener: OutboxListener;
  readonly #delivery: Delivery;
  readonly #wait: Wait;
  readonly #settled: Settled;
  /** What the person does with what waits, and with drafts. */
  readonly amends: Amends;

  constructor(roomId: string, host: Host, listener: OutboxListener) {
    this.#roomId = roomId;
    this.#host = host;
    this.#listener = listener;
    this.#settled = new Settled(host, listener.follow);
    this.#wait = new Wait(host, `outbox/${roomId}`);
    const revise = (id: string, by: Revision) => this.#revise(id, by);
    this.amends = new Amends(this.#pending, this.#settled, { revise, emit: (effect) => host.emit(effect) });
    this.#delivery = new Delivery(host, {
      revise,
      stored: (message) => this.#stored(message),
      refused: (id, refusal, verdict) => this.#refused(id, refusal, verdict),
    });
  }

  /** What waits to be sent, and what was finally refused: the same object until something changes. */
  get snapshot(): Shown {
    return this.#pending.look(() => ({
      id: this.#sending,
      isSending: this.#phase === 'sending' || this.#phase === 'storing',
      waitsFor: this.#wait.refusal,
    }));
  }

  /** Store what somebody composed. It is shown, and goes, once it is stored. */
  compose(message: Composed): void {
    this.#emit({ type: 'add', entry: { ...message, version: 1 } });
  }

  /** It is stored here. */
  added(entry: StoredEntry): void {
    if (!this.#settled.has(entry.clientMessageId)) this.#pending.put(entry);
    this.go();
  }

  /** The storage's answer: what it has of this room. */
  loaded(entries: readonly StoredEntry[]): void {
    for (const entry of entries) if (this.#settled.has(entry.clientMessageId)) this.#settled.end(entry);
    // What was refused is a draft here, even if the storage could not take that in.
    const drafts = new Map(this.#pending.entries.map((entry) => [entry.clientMessageId, entry.refusal]));
    this.#pending.set(
      entries
        .filter(({ clientMessageId }) => !this.#settled.has(clientMessageId))
        .map((entry) => ({ ...entry, refusal: entry.refusal ?? drafts.get(entry.clientMessageId) ?? null })),
    );
    if (this.#phase === 'loading') {
      this.#phase = 'idle';
      this.#step();
    } else if (this.#doubt && this.#next()?.clientMessageId !== this.#sending) this.#leave();
    else this.go();
  }

  /** What the storage has of a message now; `null`: nothing any more, `undefined`: it could not be changed. */
  revised(id: string, by: Revision, stored: StoredEntry | null | undefined): void {
    const held = this.#pending.get(id);
    const entry = stored === undefined && held ? revised(held, by) : stored;
    const isSettled = this.#settled.has(id);
    if (!entry) {
      this.#pending.drop(id);
      if (by.kind === 'mend') this.#settled.later(id, { kind: 'edit', ...by.said });
      else if (by.kind === 'drop') this.#settled.later(id, { kind: 'remove' });
    } else if (isSettled) this.#settled.end(entry);
    else if (held && (by.kind !== 'refuse' || by.over))
      this.#pending.put({ ...entry, refusal: entry.refusal ?? held.refusal ?? null }); // refused meanwhile
    if (this.#sending !== id) return;
    if (!entry) this.#leave();
    else if (this.#phase !== 'storing' || !AWAITED.has(by.kind)) return;
    else if (by.kind === 'refuse' && !entry.refusal) this.#wonder(entry, by.refusal);
    else if (this.#next()?.clientMessageId === id) this.#step();
    else this.#leave(); // what comes next the storage says
  }

  /** The client is started again: timers of before are gone. */
  start(): void {
    this.#doubt = null;
    this.due();
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
    const code = this.#wait.refusal?.code;
    if (this.#phase === 'blocked' || (this.#phase === 'waiting' && code === 'Unreachable')) this.#resume();
  }

  /** The mute is lifted. */
  unmuted(): void {
    if (this.#phase === 'waiting' && this.#wait.refusal?.code === 'Muted') this.#resume();
  }

  /** The server's clock is known better: a wait that was reckoned by it is reckoned anew. */
  clockSet(): void {
    if (this.#wait.refusal?.code === 'Muted') this.due();
  }

  /** What was waited for is over, if the clock agrees. */
  due(): void {
    if (this.#phase !== 'waiting' && this.#phase !== 'blocked') return;
    if (this.#doubt && this.#sending) this.#revise(this.#sending, this.#doubt);
    else if (this.#wait.isEarly && this.#wait.refusal) this.#pause(this.#wait.refusal);
    else this.#resume();
  }

  /** A message of this room was seen: if it is one of these it is stored, whatever becomes of the answer. */
  seen(message: Message): void {
    const id = message.clientMessageId;
    if (!id) return;
    if (this.#pending.get(id)) this.#settle(id, message.id);
    else this.#settled.add(id, message.id); // another tab's, which may still be in the storage
  }

  /** So much of a file is there. */
  progress(key: string, part: number): void {
    this.#pending.progress(key, part);
  }

  /** What this tab has to send now: one that does not lead sends only what no other tab can read. */
  #next(): StoredEntry | null {
    const first = this.#pending.entries.find(({ refusal }) => !refusal);
    return first && (this.#host.leads() || !first.isDurable) ? first : null;
  }

  #load(): void {
    this.#phase = 'loading';
    this.#isStale = false;
    this.#emit({ type: 'load', roomId: this.#roomId });
  }

  /** Carry on with what is first: another file, then the word that it is sent, then the message. */
  #step(): void {
    const first = this.#next();
    if (!first) {
      this.#phase = 'idle';
      return this.go();
    }
    if (this.#sending !== first.clientMessageId) {
      this.#wait.succeeded();
      this.#delivery.begin();
    }
    this.#sending = first.clientMessageId;
    if (!this.#host.isOnline()) return this.#pause(unreachable());
    this.#phase = 'sending';
    this.#pending.changed();
    this.#delivery.step(first);
  }

  #stored(message: Message): void {
    this.#wait.succeeded();
    this.#listener.tell(message);
    this.#settle(message.clientMessageId ?? '', message.id);
  }

  #settle(id: string, messageId: string): void {
    const isKnown = this.#settled.has(id);
    this.#settled.add(id, messageId);
    const entry = this.#pending.get(id);
    if (!isKnown && entry) {
      this.#pending.drop(id);
      this.#settled.end(entry);
    }
    if (this.#sending === id) this.#leave();
  }

  /** What was on its way is so no longer. */
  #leave(): void {
    this.#sending = this.#doubt = null;
    this.#delivery.end();
    this.#wait.end();
    if (this.#phase === 'loading') return;
    this.#phase = 'idle';
    this.go();
  }

  #refused(id: string, refusal: Refusal, verdict: Verdict): void {
    if (verdict === 'wait') return this.#pause(refusal);
    if (verdict === 'all') return this.#refuse(this.#pending.entries, refusal);
    if (verdict === 'final') return this.#refuse([this.#pending.get(id)], refusal);
    if (verdict === 'failed') return this.#revise(id, { kind: 'refuse', refusal, over: this.#delivery.over });
    this.#phase = 'blocked';
    this.#wait.refusal = refusal;
    this.#pending.changed();
    this.#host.unauthorized();
  }

  /** These go to the person, with what was said of them; the others go on. */
  #refuse(entries: readonly (StoredEntry | undefined)[], refusal: Refusal): void {
    for (const entry of entries) {
      if (!entry || entry.refusal) continue;
      const by: Revision = { kind: 'refuse', refusal };
      const draft = revised(entry, by);
      if (draft) this.#pending.put(draft);
      else this.#pending.drop(entry.clientMessageId);
      this.#emit(this.#revision(entry.clientMessageId, by));
    }
    this.#resume();
  }

  /** The server has failed at it, and it may have been sent by somebody who knows more: nothing else goes before that is over. */
  #wonder({ tries }: StoredEntry, refusal: Refusal): void {
    this.#doubt = { kind: 'refuse', refusal, over: tries ?? [] };
    this.#pause(refusal, FLIGHT_MS);
  }

  #pause(refusal: Refusal, afterMs?: number): void {
    this.#phase = 'waiting';
    this.#pending.changed();
    this.#wait.begin(refusal, afterMs);
  }

  #resume(): void {
    this.#phase = 'idle';
    this.#doubt = null;
    this.#pending.changed();
    this.#wait.end();
    this.go();
  }

  /** Have the storage change it; what is on its way goes on, or is so no longer, once that is done. */
  #revise(id: string, by: Revision): void {
    if (AWAITED.has(by.kind)) this.#phase = 'storing';
    if (by.kind === 'files') this.#wait.succeeded();
    this.#emit(this.#revision(id, by));
  }

  #revision(clientMessageId: string, by: Revision): Effect {
    return { type: 'revise', roomId: this.#roomId, clientMessageId, by };
  }

  #emit(effect: Effect): void {
    this.#host.emit(effect);
  }
}

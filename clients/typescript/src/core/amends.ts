// What a person does with a message that the server does not have yet: another text, not at all, or a draft once more.
import type { QueuedFile, Revision } from './entries.ts';
import type { Pending } from './pending.ts';
import type { Effect } from './protocol.ts';
import type { Settled } from './settled.ts';

export interface AmendsHost {
  /** Have the storage change it. */
  revise(id: string, by: Revision): void;
  emit(effect: Effect): void;
}

export class Amends {
  readonly #pending: Pending;
  readonly #settled: Settled;
  readonly #host: AmendsHost;

  constructor(pending: Pending, settled: Settled, host: AmendsHost) {
    this.#pending = pending;
    this.#settled = settled;
    this.#host = host;
  }

  /** A draft again, under a new id, at the end of the queue. */
  retry(clientMessageId: string, newId: string, text?: string, files?: readonly QueuedFile[]): void {
    const draft = this.#pending.get(clientMessageId);
    if (!draft?.refusal) return;
    this.#forget(clientMessageId);
    const { n, isDurable, refusal, isTried, tries, after, ...composed } = draft;
    const said = { text: text ?? composed.text, ...(files ? { files } : {}) };
    const entry = { ...composed, clientMessageId: newId, ...said };
    this.#host.emit({ type: 'add', entry, replaces: clientMessageId });
  }

  /** Another text for what waits; where a try may have reached the server it is edited there afterwards. */
  mend(id: string, said: Extract<Revision, { kind: 'mend' }>['said']): void {
    const entry = this.#pending.get(id);
    if (entry && !entry.refusal) this.#host.revise(id, { kind: 'mend', said });
  }

  /** Throw away a draft, or what waits; where a try may have reached the server it is removed there afterwards. */
  discard(id: string): void {
    const entry = this.#pending.get(id);
    if (!entry) return;
    if (entry.refusal) this.#forget(id);
    this.#host.revise(id, { kind: 'drop' });
  }

  /** The draft is none any more, and never will be stored under this id. */
  #forget(id: string): void {
    this.#settled.add(id, null);
    this.#pending.drop(id);
  }
}

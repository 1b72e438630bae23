// The messages that have left a room's outbox, which the storage may still name, and what is to be done to them afterwards.

import type { Host } from './host.ts';
import type { Change, Effect, Following, StoredEntry } from './protocol.ts';

/** The message that waited under this id is stored, and this is to be done to it now; `null`: it does not wait any more. */
export type Follow = (change: Change, clientMessageId: string | null) => void;

export class Settled {
  /** With the message's id, where it is stored; `null`: it never will be. */
  readonly #targets = new Map<string, string | null>();
  /** What is to be done to those that had left the storage by the time at which the person said so. */
  readonly #late = new Map<string, Following>();
  readonly #host: Host;
  readonly #follow: Follow;

  constructor(host: Host, follow: Follow) {
    this.#host = host;
    this.#follow = follow;
  }

  has(id: string): boolean {
    return this.#targets.has(id);
  }

  add(id: string, target: string | null): void {
    this.#targets.set(id, target);
    const late = this.#late.get(id);
    if (late) this.later(id, late);
  }

  /** Do it once the message is known to be stored: another tab has sent it meanwhile, unless nobody ever will. */
  later(id: string, following: Following): void {
    const target = this.#targets.get(id);
    if (target === undefined) this.#late.set(id, following);
    else this.#late.delete(id);
    if (target) this.#follow({ ...following, target }, null);
  }

  /** The storage needs it no more, unless something is to be done to the message now. */
  end({ clientMessageId, roomId, after }: StoredEntry): void {
    const target = this.#targets.get(clientMessageId);
    if (after && target) return this.#follow({ ...after, target }, clientMessageId);
    const effect: Effect = target
      ? { type: 'revise', roomId, clientMessageId, by: { kind: 'settle' } }
      : { type: 'remove', clientMessageId };
    this.#host.emit(effect);
  }
}

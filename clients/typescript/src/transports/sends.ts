// Messages that were sent by a frame and are not answered yet.
import { type Refusal, unreachable } from '../core/refusals.ts';
import type { Message } from '../wire/generated/types.ts';
import { CallRefused } from './transport.ts';

const ANSWER_MS = 32_000;

interface Waiting {
  readonly resolve: (message: Message | null) => void;
  readonly reject: (error: CallRefused) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Sends {
  readonly #waiting = new Map<string, Waiting>();
  #refs = 0;

  /** Say it under a `ref` that is its own. Rejects with `CallRefused`. */
  send(say: (ref: string) => void): Promise<Message | null> {
    this.#refs += 1;
    const ref = String(this.#refs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.refused(ref, unreachable()), ANSWER_MS);
      this.#waiting.set(ref, { resolve, reject, timer });
      say(ref);
    });
  }

  answered(ref: string, message: Message | null): void {
    this.#take(ref)?.resolve(message);
  }

  /** Returns whether it was one of these. */
  refused(ref: string, refusal: Refusal): boolean {
    const waiting = this.#take(ref);
    waiting?.reject(new CallRefused(refusal));
    return waiting !== undefined;
  }

  /** The connection is gone: what became of them is not known. */
  clear(): void {
    for (const ref of [...this.#waiting.keys()]) this.refused(ref, unreachable());
  }

  #take(ref: string): Waiting | undefined {
    const waiting = this.#waiting.get(ref);
    clearTimeout(waiting?.timer);
    this.#waiting.delete(ref);
    return waiting;
  }
}

// Trying again after pauses that grow.
import { type Host, pause } from './host.ts';
import type { Refusal } from './refusals.ts';

export class Tries {
  readonly #host: Host;
  readonly #key: string;
  #attempts = 0;
  /** What to go on with after a pause. */
  #next: (() => void) | null = null;

  /** `key`: of the timer. */
  constructor(host: Host, key: string) {
    this.#host = host;
    this.#key = key;
  }

  /** Whether something waits for the end of a pause. */
  get isWaiting(): boolean {
    return this.#next !== null;
  }

  /** It has gone well: the next pause is short again. */
  succeeded(): void {
    this.#attempts = 0;
  }

  /** What waits is not to be gone on with. */
  forget(): void {
    this.#next = null;
  }

  /** The pause is over. */
  due(): void {
    const next = this.#next;
    this.#next = null;
    next?.();
  }

  /** At once, but after a pause where that was done before and has not helped. Returns whether it was at once. */
  once(then: () => void): boolean {
    if (this.#attempts > 0) {
      this.again(then, null);
      return false;
    }
    this.#attempts += 1;
    then();
    return true;
  }

  /** Go on after a pause, as long as the refusal says where it says so. */
  again(then: () => void, refusal: Refusal | null): void {
    const told = refusal?.code === 'RateLimited' ? refusal.retryAfterMs : 0;
    const wait = pause(this.#attempts, this.#host.chance());
    this.#attempts += 1;
    this.after(Math.max(told, wait), then);
  }

  after(afterMs: number, then: () => void): void {
    this.#next = then;
    this.#host.emit({ type: 'timer', key: this.#key, afterMs });
  }
}

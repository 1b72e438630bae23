// What a queue waits for after a refusal, and for how long.
import { type Host, pause } from './host.ts';
import type { Refusal } from './refusals.ts';

/** Timers of platforms do not run much longer, and a mute may be lifted. */
const LONGEST_WAIT_MS = 600_000;

export class Wait {
  /** Why. */
  refusal: Refusal | null = null;
  #until = 0;
  #attempts = 0;
  readonly #host: Host;
  readonly #key: string;

  /** `key`: of the timer. */
  constructor(host: Host, key: string) {
    this.#host = host;
    this.#key = key;
  }

  /** Whether it is a mute that goes on by the server's clock. */
  get isEarly(): boolean {
    return this.refusal?.code === 'Muted' && this.#host.serverNow() < this.#until;
  }

  /** `afterMs`: as the refusal says, unless it is given. */
  begin(refusal: Refusal, afterMs = this.#length(refusal)): void {
    this.refusal = refusal;
    this.#host.emit({ type: 'timer', key: this.#key, afterMs });
  }

  end(): void {
    this.refusal = null;
    this.#host.emit({ type: 'cancel', key: this.#key });
  }

  /** It has gone on: the next pause is short again. */
  succeeded(): void {
    this.#attempts = 0;
  }

  #length(refusal: Refusal): number {
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
}

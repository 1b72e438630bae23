// Whether the tab that leads is still there: it is asked for a sign of life, and the lock is taken from it where none comes.
import type { TabsOutput } from './protocol.ts';

/** How often a tab that is shown asks whether the leader is there; one that is hidden asks as seldom as it beats. */
const PING_MS = 500;
const HIDDEN_PING_MS = 30_000;
const SILENCE_MS = 1_000;
/** A timer that is later than this was held back, and what was said meanwhile may still be unread. */
const LATE_MS = 500;

export interface WatchHost {
  ping(): void;
  emit(output: TabsOutput): void;
  /** From 0 to below 1. */
  chance(): number;
}

export class Watch {
  /** Whether the person can see this tab. */
  isShown = true;
  #askedAt = 0;
  #silences = 0;
  readonly #host: WatchHost;

  constructor(host: WatchHost) {
    this.#host = host;
  }

  /** Ask after so long. */
  after(afterMs = PING_MS): void {
    this.#host.emit({ type: 'timer', key: 'ping', afterMs: this.isShown ? afterMs : HIDDEN_PING_MS });
  }

  /** The leader has said something. */
  heard(): void {
    this.#silences = 0;
    this.#host.emit({ type: 'cancel', key: 'silence' });
    this.after();
  }

  end(): void {
    this.#host.emit({ type: 'cancel', key: 'ping' });
    this.#host.emit({ type: 'cancel', key: 'silence' });
  }

  due(key: string, now: number): void {
    if (key === 'ping') return this.#ping(now);
    if (key !== 'silence') return;
    this.#silences += 1;
    const isLate = now - this.#askedAt > SILENCE_MS + LATE_MS;
    if (isLate && this.#silences < 2) return this.#ping(now);
    this.#silences = 0;
    this.#host.emit({ type: 'steal' });
    this.after();
  }

  #ping(now: number): void {
    this.#askedAt = now;
    this.#host.ping();
    // Not all who wait take over at the same moment.
    const afterMs = SILENCE_MS + Math.round(this.#host.chance() * 200);
    this.#host.emit({ type: 'timer', key: 'silence', afterMs });
  }
}

// Messages that have been kept as long as the room keeps them: they are hidden here when they are at the server.
import type { Message } from '../wire/generated/types.ts';
import type { Host } from './host.ts';
import type { Timeline } from './timeline.ts';

const DAY_MS = 86_400_000;
/** Timers of platforms do not run much longer. */
const LONGEST_MS = DAY_MS;

export class Expiry {
  readonly #timeline: Timeline;
  readonly #host: Host;
  /** When the timer is over that runs, by the server's clock. */
  #due = 0;
  /** What was looked at last, and for how many days it was kept. */
  #messages: readonly Message[] | null = null;
  #days = 0;

  constructor(timeline: Timeline, host: Host) {
    this.#timeline = timeline;
    this.#host = host;
  }

  /** Hide what is older than so many days, and come back when the next one is. */
  look(retentionDays: number | null | undefined): void {
    const now = this.#host.serverTime();
    if (now === null || !retentionDays || !this.#timeline.head) return;
    const isLooked = this.#messages === this.#timeline.messages && this.#days === retentionDays;
    if (isLooked && now < this.#due) return;
    const keptMs = retentionDays * DAY_MS;
    const since = new Date(Math.max(0, now - keptMs)).toISOString();
    this.#timeline.sift((message) => kept(message, since));
    const { messages } = this.#timeline;
    this.#messages = messages;
    this.#days = retentionDays;
    const due = Date.parse(firstInstant(messages)) + keptMs + 1;
    this.#due = Math.min(Number.isNaN(due) ? Number.POSITIVE_INFINITY : due, now + LONGEST_MS);
    const afterMs = Math.max(1, this.#due - now);
    this.#host.emit({ type: 'timer', key: `expiry/${this.#timeline.roomId}`, afterMs });
  }
}

/** What is left of a message, where only what is not from before `since` is kept. */
function kept(message: Message, since: string): Message | null {
  if (message.ts < since) return null;
  return message.quote && message.quote.ts < since ? { ...message, quote: null } : message;
}

/** The oldest instant of what is shown, quotes included; empty where nothing is. */
function firstInstant(messages: readonly Message[]): string {
  const instants = messages.map(({ ts, quote }) => (quote && quote.ts < ts ? quote.ts : ts));
  return instants.reduce((first, ts) => (first && first < ts ? first : ts), '');
}

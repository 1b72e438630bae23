// What a screen reader is told of new messages: a digest, at most one in two seconds however many come, and nothing of what
// one has sent oneself or of history. Pure: a clock and a timer are given.

export interface Heard {
  readonly id: string;
  readonly senderName: string;
  readonly text: string;
}

export interface Digested {
  readonly count: number;
  readonly senderName: string;
  readonly text: string;
}

export const EVERY_MS = 2_000;
const LONGEST = 140;

export class Digest {
  #waiting: Heard[] = [];
  #lastAt = Number.NEGATIVE_INFINITY;

  /** Put new messages of others in, in their order. Returns in how many milliseconds the next digest is due; `null`: none is. */
  add(messages: readonly Heard[], now: number): number | null {
    this.#waiting.push(...messages);
    return this.dueIn(now);
  }

  dueIn(now: number): number | null {
    if (this.#waiting.length === 0) return null;
    return Math.max(0, this.#lastAt + EVERY_MS - now);
  }

  /** The digest, if it is due. */
  take(now: number): Digested | null {
    const last = this.#waiting.at(-1);
    if (!last || this.dueIn(now) !== 0) return null;
    const count = this.#waiting.length;
    this.#waiting = [];
    this.#lastAt = now;
    return { count, senderName: last.senderName, text: shortened(last.text) };
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const points = [...line];
  return points.length > LONGEST ? `${points.slice(0, LONGEST).join('')}…` : line;
}

// What the parts of the core have in common.
import type { Upload } from '../wire/generated/types.ts';
import type { QueuedFile } from './entries.ts';
import type { Effect, RequestField } from './protocol.ts';
import type { Refusal } from './refusals.ts';

/** What parts of the core share: a way to ask for effects, and what the program was given. */
export interface Host {
  emit(effect: Effect): void;
  /** Ask for a request. What becomes of it is told to `then`, unless somebody has forgotten it meanwhile. */
  request(
    field: RequestField,
    variables: Readonly<Record<string, unknown>>,
    then: (value: unknown, refusal: Refusal | null) => void,
  ): void;
  /** The same for a file that is posted. */
  post(file: QueuedFile, upload: Upload, then: (value: unknown, refusal: Refusal | null) => void): void;
  /** Milliseconds since the epoch of the clock here, when the event came that is being worked on. */
  now(): number;
  /** The same by the server's clock, as far as it is known. */
  serverNow(): number;
  /** The same where the server said it a short time ago; `null` where nobody can tell. */
  serverTime(): number | null;
  /** From 0 to below 1. */
  chance(): number;
  /** Whether live events can come. */
  isUp(): boolean;
  /** Whether there may be a network: not where the browser says that there is none. */
  isOnline(): boolean;
  /** Whether this tab asks and sends for all tabs of the person. */
  leads(): boolean;
  /** The token was refused: nothing is asked until there is another. */
  unauthorized(): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before trying again for the nth time: doubled each time, and spread from a half to the whole. */
export function pause(attempt: number, chance: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole * (0.5 + chance / 2));
}

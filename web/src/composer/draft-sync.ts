// What somebody has begun to write, kept with the server for their other devices: `drafts` is read when the page comes up or is
// looked at again, and `saveDraft` follows the keys. Where two devices have written, whoever writes now wins, and a draft that
// was only looked at makes way.
import type { Draft, DraftPage } from '@appsync-chat/client';

/** The server takes one a second. */
const SAVE_MS = 1_500;
const READ_MS = 30_000;

export interface DraftCalls {
  drafts(nextToken: string | null): Promise<DraftPage | null>;
  save(roomId: string, text: string | null, rev: number | null): Promise<Draft | null>;
  later(afterMs: number, then: () => void): void;
  now(): number;
}

/** What the server has of a room's draft, and whether that takes the place of what is shown. */
export type Told = (saved: string, isTaken: boolean) => void;

interface Held {
  /** As the server has it; what is written differs where it has moved on since. */
  saved: string;
  rev: number | null;
  /** What the person wants; `undefined`: as the server has it. */
  wanted?: string | undefined;
  isTimed: boolean;
  isSaving: boolean;
}

export class DraftSync {
  readonly #calls: DraftCalls;
  readonly #rooms = new Map<string, Held>();
  readonly #open = new Map<string, Told>();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(calls: DraftCalls) {
    this.#calls = calls;
  }

  /**
   * A composer shows the room's draft. `words`: what this device has; `base`: what the server had when that was written. Returns
   * how to end that.
   */
  open(roomId: string, words: string, base: string, told: Told): () => void {
    this.#open.set(roomId, told);
    const held = this.#held(roomId);
    if (held.rev === null && held.wanted === undefined) held.saved = base; // until the server says what it has
    if (words !== base) this.write(roomId, words);
    if (held.wanted === undefined && (held.saved !== words || held.saved !== base)) told(held.saved, true);
    return () => {
      if (this.#open.get(roomId) === told) this.#open.delete(roomId);
    };
  }

  /** Read what other devices have written, unless that was done a moment ago. */
  async read(): Promise<void> {
    if (this.#calls.now() - this.#readAt < READ_MS) return;
    this.#readAt = this.#calls.now();
    const before = new Map([...this.#rooms].map(([roomId, { rev }]) => [roomId, rev]));
    const isOld = (roomId: string) => this.#held(roomId).rev !== (before.get(roomId) ?? null); // saved since
    const found = new Set<string>();
    let nextToken: string | null | undefined = null;
    do {
      const page: DraftPage | null = await this.#calls.drafts(nextToken).catch(() => null);
      if (!page) {
        this.#readAt = Number.NEGATIVE_INFINITY;
        return;
      }
      for (const draft of page.items) {
        found.add(draft.roomId);
        if (!isOld(draft.roomId)) this.#heard(draft);
      }
      nextToken = page.nextToken;
    } while (nextToken);
    for (const [roomId, held] of this.#rooms) {
      if (!found.has(roomId) && !held.isSaving && !isOld(roomId))
        this.#heard({ roomId, text: null, rev: held.rev ?? 0 });
    }
  }

  /** The person has written this. */
  write(roomId: string, words: string): void {
    const held = this.#held(roomId);
    if (words === (held.wanted ?? held.saved)) return;
    held.wanted = words;
    this.#saveAfter(roomId, held, SAVE_MS);
  }

  #held(roomId: string): Held {
    let held = this.#rooms.get(roomId);
    if (!held) {
      held = { saved: '', rev: null, isTimed: false, isSaving: false };
      this.#rooms.set(roomId, held);
    }
    return held;
  }

  #heard({ roomId, text, rev }: Pick<Draft, 'roomId' | 'text' | 'rev'>): void {
    const held = this.#held(roomId);
    const saved = text ?? '';
    held.rev = rev;
    held.saved = saved;
    this.#open.get(roomId)?.(saved, held.wanted === undefined);
  }

  #saveAfter(roomId: string, held: Held, afterMs: number): void {
    if (held.isTimed) return;
    held.isTimed = true;
    this.#calls.later(afterMs, () => void this.#save(roomId));
  }

  async #save(roomId: string): Promise<void> {
    const held = this.#held(roomId);
    held.isTimed = false;
    const { wanted } = held;
    if (wanted === undefined || held.isSaving) return;
    if (wanted === held.saved) {
      held.wanted = undefined;
      return;
    }
    held.isSaving = true;
    const draft = await this.#calls.save(roomId, wanted || null, held.rev).catch(() => null);
    held.isSaving = false;
    if (draft) {
      held.rev = draft.rev;
      if (draft.saved) held.saved = wanted;
      else held.saved = draft.text ?? ''; // another device has: whoever writes now wins
      this.#open.get(roomId)?.(held.saved, false);
    }
    if (held.wanted === wanted && held.saved === wanted) held.wanted = undefined;
    else this.#saveAfter(roomId, held, draft ? SAVE_MS : READ_MS);
  }
}

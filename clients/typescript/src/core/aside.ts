// What is known of messages that are not in the window, or not as they are now.
import type { Message } from '../wire/generated/types.ts';
import { compare, isReduced, isStale, newer, revOf } from './order.ts';

/** How many messages are remembered while no page is under way. */
const MOST_ASIDE = 256;

export class Aside {
  /** Newer states of messages outside of the window, since a page that is under way may not know them. */
  readonly #states = new Map<string, Message>();
  /** Messages of the window that are only known to have been changed, and to which `rev`. */
  readonly #stale = new Map<string, number>();

  clear(): void {
    this.#states.clear();
    this.#stale.clear();
  }

  get(id: string): Message | undefined {
    return this.#states.get(id);
  }

  put(message: Message): void {
    const held = this.#states.get(message.id);
    this.#states.delete(message.id);
    this.#states.set(message.id, held ? newer(held, message) : message);
  }

  /** No page is under way: a later one knows what happened before it, mostly. */
  forget(): void {
    for (const id of this.#states.keys()) {
      if (this.#states.size <= MOST_ASIDE) return;
      this.#states.delete(id);
    }
  }

  /** A message of a page as it is known here, which may be newer. */
  known(message: Message): Message {
    const state = this.#states.get(message.id);
    if (!state) return message;
    if (isStale(message, state)) this.#stale.set(message.id, revOf(state));
    else this.#states.delete(message.id);
    return newer(state, message);
  }

  /** Put what `change` makes of it in the place of each. */
  sift(change: (message: Message) => Message): void {
    for (const [id, message] of this.#states) this.#states.set(id, change(message));
  }

  /** Whole messages after this number, in order. */
  after(seq: number): Message[] {
    return [...this.#states.values()]
      .filter((each) => (each.seq ?? 0) > seq && !isReduced(each))
      .sort(compare);
  }

  /** The message of the window is shown as `kept`, and `came` may say that there is a newer state. */
  compare(kept: Message, came: Message): void {
    const { id } = kept;
    if (isStale(kept, came)) this.#stale.set(id, Math.max(revOf(came), this.#stale.get(id) ?? 0));
    else if (revOf(kept) >= (this.#stale.get(id) ?? 0)) this.#stale.delete(id);
  }

  /** Those that are only known to have been changed. */
  get stale(): readonly string[] {
    return [...this.#stale.keys()];
  }

  isStale(id: string): boolean {
    return this.#stale.has(id);
  }

  /** The message is in the window no more. */
  dropped(id: string): void {
    this.#stale.delete(id);
  }
}

// Messages in order, each once.
import type { Message } from '../wire/generated/types.ts';
import { place } from './order.ts';

export class Sorted {
  #messages: Message[] = [];
  readonly #ids = new Map<string, Message>();
  #snapshot: readonly Message[] | null = null;

  get size(): number {
    return this.#messages.length;
  }

  get oldest(): Message | undefined {
    return this.#messages[0];
  }

  get newest(): Message | undefined {
    return this.#messages.at(-1);
  }

  /** All of them, oldest first: the same array until something changes. */
  get all(): readonly Message[] {
    this.#snapshot ??= [...this.#messages];
    return this.#snapshot;
  }

  get(id: string): Message | undefined {
    return this.#ids.get(id);
  }

  clear(): void {
    this.#messages = [];
    this.#ids.clear();
    this.#snapshot = null;
  }

  /** Put a message in its place; `held` is the state of it that was here. */
  put(message: Message, held: Message | undefined): void {
    if (held) this.#messages.splice(place(this.#messages, held), 1);
    this.#messages.splice(place(this.#messages, message), 0, message);
    this.#ids.set(message.id, message);
    this.#snapshot = null;
  }

  drop(message: Message): void {
    this.#messages.splice(place(this.#messages, message), 1);
    this.#ids.delete(message.id);
    this.#snapshot = null;
  }

  /** The message of this number, looked for from the newest on. */
  numbered(seq: number): Message | undefined {
    for (let index = this.#messages.length - 1; index >= 0; index -= 1) {
      const message = this.#messages[index];
      if ((message?.seq ?? 0) <= seq) return message?.seq === seq ? message : undefined;
    }
    return undefined;
  }
}

// What was asked of the API and is not answered yet.
import type { Upload } from '../wire/generated/types.ts';
import type { Effect, Event, QueuedFile, RequestField } from './protocol.ts';
import { type Refusal, unreachable } from './refusals.ts';

/** Hears what became of a request: its answer, or why there is none. */
export type Then = (value: unknown, refusal: Refusal | null) => void;

export class Requests {
  readonly #asked = new Map<number, Then>();
  readonly #emit: (effect: Effect) => void;
  #number = 0;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  ask(field: RequestField, variables: Readonly<Record<string, unknown>>, then: Then): void {
    this.#number += 1;
    this.#asked.set(this.#number, then);
    this.#emit({ type: 'request', number: this.#number, field, variables });
  }

  post(file: QueuedFile, upload: Upload, then: Then): void {
    this.#number += 1;
    this.#asked.set(this.#number, then);
    this.#emit({ type: 'post', number: this.#number, file, upload });
  }

  take(event: Event): void {
    if (event.type === 'answered') this.#done(event.number, event.value, null);
    else if (event.type === 'refused') this.#done(event.number, null, event.refusal);
    else if (event.type === 'stop') this.#giveUp();
  }

  #done(number: number, value: unknown, refusal: Refusal | null): void {
    const then = this.#asked.get(number);
    this.#asked.delete(number);
    then?.(value, refusal);
  }

  /** What is under way is given up, so that a later start finds nothing that waits for an answer. */
  #giveUp(): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const then of asked) then(null, unreachable());
  }
}

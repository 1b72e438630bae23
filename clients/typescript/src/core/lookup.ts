// Messages that are read by their ids: those that are only known to have been changed, and those that live ones answer.
// What comes up while a request is under way goes with the next one.
import type { Message } from '../wire/generated/types.ts';
import { type Host, pause } from './host.ts';
import { isPassing } from './refusals.ts';
import type { Timeline } from './timeline.ts';

const MOST_IDS = 100;

export class Lookup {
  readonly #timeline: Timeline;
  readonly #host: Host;
  #isBusy = false;
  #attempts = 0;
  /** What was asked before this number moved is not for these messages. */
  #reading = 0;

  constructor(timeline: Timeline, host: Host) {
    this.#timeline = timeline;
    this.#host = host;
  }

  /** Nothing that is under way is for what is here now. */
  forget(): void {
    this.#reading += 1;
    this.#isBusy = false;
    this.#attempts = 0;
  }

  /** A pause is over. */
  due(): void {
    this.#isBusy = false;
    this.look();
  }

  /** Ask for what is wanted, unless that is under way. */
  look(): void {
    if (this.#isBusy) return;
    const { stale, quoted } = this.#timeline.wanted(MOST_IDS);
    if (stale.length + quoted.length > 0) this.#ask(stale, quoted);
  }

  #ask(stale: readonly string[], quoted: readonly string[]): void {
    const reading = this.#reading;
    const { roomId } = this.#timeline;
    this.#isBusy = true;
    const ids = [...new Set([...stale, ...quoted])];
    this.#host.request('messagesById', { roomId, ids }, (value, refusal) => {
      if (reading !== this.#reading) return;
      if (refusal) return this.#later(isPassing(refusal) ? quoted : []);
      this.#timeline.addWanted(stale, (value ?? []) as readonly Message[]);
      if (stale.some((id) => this.#timeline.isStale(id))) return this.#later([]); // it was read too soon
      this.#attempts = 0;
      this.#isBusy = false;
      this.look();
    });
  }

  #later(quoted: readonly string[]): void {
    this.#timeline.wantAgain(quoted);
    this.#host.emit({
      type: 'timer',
      key: `lookup/${this.#timeline.roomId}`,
      afterMs: pause(this.#attempts, this.#host.chance()),
    });
    this.#attempts += 1;
  }
}

// How far the person has read in a room: marks are merged, since the last one says what those before it said.
import { type Host, pause } from './protocol.ts';

export class ReadMark {
  /** The last message that is on the screen; `null`: none is. */
  shown: number | null = null;
  #wanted = 0;
  #said = 0;
  #isAsking = false;
  /** A pause after a try that was lost. */
  #isWaiting = false;
  #attempts = 0;
  readonly #roomId: string;
  readonly #host: Host;
  readonly #told: (seq: number) => void;

  /** `told`: hears of each mark that the server has. */
  constructor(roomId: string, host: Host, told: (seq: number) => void) {
    this.#roomId = roomId;
    this.#host = host;
    this.#told = told;
  }

  /** The person has read up to this number. */
  read(seq: number): void {
    this.#wanted = Math.max(this.#wanted, seq);
    if (!this.#isWaiting) this.due();
  }

  /** Say it, unless that is under way; a pause is over, or there is no reason for it any more. */
  due(): void {
    this.#isWaiting = false;
    if (this.#isAsking || this.#wanted <= this.#said) return;
    const seq = this.#wanted;
    this.#isAsking = true;
    this.#host.request('markRead', { roomId: this.#roomId, seq }, (_, refusal) => {
      this.#isAsking = false;
      const isLost = refusal?.code === 'ServiceUnavailable' || refusal?.code === 'Unreachable';
      if (!isLost) {
        this.#said = seq; // said, or refused for good: less is never said again
        this.#attempts = 0;
        if (!refusal) this.#told(seq);
        return this.due();
      }
      const afterMs = pause(this.#attempts, this.#host.chance());
      this.#attempts += 1;
      this.#isWaiting = true;
      this.#host.emit({ type: 'timer', key: `mark/${this.#roomId}`, afterMs });
    });
  }
}

// How far the person has read in a room: marks are merged, since the last one says what those before it said. One that cannot be
// said at once is stored, and said when the link is back or by the page that comes after this one.

import type { Host } from './host.ts';
import type { MarkEntry, StoredMark } from './protocol.ts';
import { Wait } from './wait.ts';

/** The server does not have it, and may take it later. */
const PASSING = new Set([
  'ServiceUnavailable',
  'Unreachable',
  'RateLimited',
  'Unauthorized',
  'IdentityRefused',
]);

export class ReadMark {
  /** The last message that is on the screen; `null`: none is. */
  shown: number | null = null;
  /** What an earlier page had to say; 0: nothing. */
  queued = 0;
  #wanted = 0;
  #said = 0;
  #isAsking = false;
  /** What the storage has, as far as this tab has asked for it. */
  #stored = 0;
  readonly #roomId: string;
  readonly #host: Host;
  readonly #told: (seq: number) => void;
  readonly #wait: Wait;

  /** `told`: hears of each mark that the server has. */
  constructor(roomId: string, host: Host, told: (seq: number) => void) {
    this.#roomId = roomId;
    this.#host = host;
    this.#told = told;
    this.#wait = new Wait(host, `mark/${roomId}`);
  }

  /** The person has read up to this number. */
  read(seq: number): void {
    if (seq <= this.#wanted) return;
    this.#wanted = seq;
    if (!this.#host.isUp()) this.#store();
    if (this.#wait.refusal === null) this.due();
  }

  /** The storage has this. It is for the tab that leads to say it, unless no other can read it. */
  loaded({ seq, isDurable }: StoredMark): void {
    this.#stored = Math.max(this.#stored, seq);
    if (seq <= this.#said) return this.#forget();
    if (isDurable && !this.#host.leads()) return;
    this.queued = Math.max(this.queued, seq);
    this.#wanted = Math.max(this.#wanted, seq);
    if (this.#wait.refusal === null) this.due();
  }

  /** It was not there any more when it was to be changed: another tab has said what was there. */
  gone(): void {
    this.#stored = 0;
    if (this.#wanted > this.#said) this.#store();
  }

  /** Say it, unless that is under way; a pause is over, or there is no reason for it any more. */
  due(): void {
    if (this.#isAsking || this.#wanted <= this.#said || !this.#host.isOnline()) return;
    if (this.#wait.refusal !== null) this.#wait.end();
    const seq = this.#wanted;
    this.#isAsking = true;
    this.#host.request('markRead', { roomId: this.#roomId, seq }, (_, refusal) => {
      this.#isAsking = false;
      if (refusal && PASSING.has(refusal.code)) {
        this.#store();
        return this.#wait.begin(refusal);
      }
      this.#said = seq; // said, or refused for good: less is never said again
      this.#wait.succeeded();
      if (!refusal) this.#told(seq);
      this.#forget();
      this.due();
    });
  }

  #store(): void {
    const seq = this.#wanted;
    if (seq <= this.#stored) return;
    const [clientMessageId, roomId] = [`read/${this.#roomId}`, this.#roomId];
    const entry: MarkEntry = { version: 1, kind: 'read', clientMessageId, roomId, seq };
    if (this.#stored === 0) this.#host.emit({ type: 'add', entry });
    else this.#host.emit({ type: 'revise', roomId, clientMessageId, by: { kind: 'read', seq } });
    this.#stored = seq;
  }

  /** Nothing has to be kept of what was said. */
  #forget(): void {
    if (this.#stored === 0) return;
    const [roomId, seq] = [this.#roomId, this.#said];
    this.#host.emit({ type: 'revise', roomId, clientMessageId: `read/${roomId}`, by: { kind: 'said', seq } });
    if (this.#stored <= seq) this.#stored = 0;
  }
}

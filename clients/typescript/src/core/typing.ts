// Who is writing in open rooms: each for as long as the server says, since nobody says that they have stopped.
import type { Message, Typing as TypingEvent } from '../wire/generated/types.ts';
import type { Host } from './host.ts';
import { split } from './places.ts';
import type { Event } from './protocol.ts';

/** How often it is said while somebody writes: well within the time that it counts. */
const SAY_EVERY_MS = 3_000;
/** What counts where no instant came, and the most that is believed. */
const LASTS_MS = 6_000;
const LONGEST_MS = 30_000;
const MOST_PEOPLE = 50;
const NOBODY: readonly string[] = [];

export class Typing {
  readonly #host: Host;
  readonly #userId: string;
  /** By room and person, until when (by the clock here). */
  readonly #rooms = new Map<string, Map<string, number>>();
  readonly #shown = new Map<string, readonly string[]>();
  readonly #saidAt = new Map<string, number>();

  constructor(host: Host, userId: string) {
    this.#host = host;
    this.#userId = userId;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'typing':
        return this.#heard(event.typing);
      case 'live':
        return this.#sent(event.message);
      case 'type':
        return this.#say(event.roomId);
      case 'close':
      case 'left':
        return this.#forget(event.roomId);
      case 'down':
        for (const roomId of [...this.#rooms.keys()]) this.#forget(roomId);
        return;
      case 'due': {
        const [kind, roomId] = split(event.key);
        if (kind === 'typing') this.#expire(roomId);
      }
    }
  }

  /** Who is writing there, in the order in which they began: the same array until that changes. */
  look(roomId: string): readonly string[] {
    return this.#shown.get(roomId) ?? NOBODY;
  }

  #heard({ roomId, userId, expiresAt }: TypingEvent): void {
    if (userId === this.#userId) return;
    const people = this.#rooms.get(roomId) ?? new Map<string, number>();
    if (people.size >= MOST_PEOPLE && !people.has(userId)) return;
    const told = Date.parse(expiresAt ?? '') - this.#host.serverNow();
    const lasts = Number.isNaN(told) ? LASTS_MS : Math.min(told, LONGEST_MS);
    if (lasts <= 0) return;
    people.set(userId, this.#host.now() + lasts);
    this.#rooms.set(roomId, people);
    this.#show(roomId);
  }

  /** Who has sent has stopped writing. */
  #sent({ roomId, senderId, notice }: Message): void {
    if (!notice && this.#rooms.get(roomId)?.delete(senderId)) this.#show(roomId);
  }

  #say(roomId: string): void {
    const now = this.#host.now();
    const passed = now - (this.#saidAt.get(roomId) ?? Number.NEGATIVE_INFINITY);
    if (!this.#host.isUp() || (passed >= 0 && passed < SAY_EVERY_MS)) return;
    this.#saidAt.set(roomId, now);
    this.#host.request('typing', { roomId }, () => {}); // nobody waits for it
  }

  #expire(roomId: string): void {
    const people = this.#rooms.get(roomId);
    const now = this.#host.now();
    for (const [userId, until] of people ?? []) {
      // A clock that was set back makes nobody write for ever.
      if (until <= now || until - now > LONGEST_MS) people?.delete(userId);
    }
    this.#show(roomId);
  }

  #forget(roomId: string): void {
    if (!this.#rooms.delete(roomId)) return;
    this.#shown.delete(roomId);
    this.#host.emit({ type: 'cancel', key: `typing/${roomId}` });
  }

  #show(roomId: string): void {
    const people = this.#rooms.get(roomId);
    const next = [...(people?.keys() ?? [])];
    const before = this.look(roomId);
    if (next.length !== before.length || next.some((id, n) => id !== before[n]))
      this.#shown.set(roomId, next);
    if (!people || next.length === 0) return this.#forget(roomId);
    const first = Math.min(...people.values());
    this.#host.emit({
      type: 'timer',
      key: `typing/${roomId}`,
      afterMs: Math.max(0, first - this.#host.now()),
    });
  }
}

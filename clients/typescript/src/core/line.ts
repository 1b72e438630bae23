// The unread line: where the messages began that the person had not read when they opened the room. It stays there until
// they leave the room or say otherwise.
import type { UnreadLine } from './shown.ts';
import type { Timeline } from './timeline.ts';

export class Line {
  /** The last message that was read when the room was opened; `undefined`: not known yet, `null`: no line. */
  #after: number | null | undefined;
  #shown: UnreadLine | null = null;

  get isDecided(): boolean {
    return this.#after !== undefined;
  }

  /** The person had read up to `after`, and the newest message was `newest`. */
  decide(after: number | null, newest: number): void {
    if (this.isDecided) return;
    this.#after = after !== null && after < newest ? after : null;
  }

  /** The person does not want it any more. */
  clear(): void {
    this.#after = null;
  }

  /** The line as it is shown: the same object until something in it changes. */
  look(timeline: Timeline, userId: string): UnreadLine | null {
    const after = this.#after;
    if (after === undefined || after === null || !timeline.head) return null;
    const { messages, hasOlder } = timeline;
    const unread = messages.filter(({ seq }) => (seq ?? 0) > after);
    const isHere = !hasOlder || (messages[0]?.seq ?? 0) <= after + 1;
    const first = isHere ? unread.find(({ senderId }) => senderId !== userId) : undefined;
    const others = unread.filter((each) => each.senderId === userId || each.removedAt).length;
    const next = { seq: after + 1, id: first?.id ?? null, count: timeline.newest - after - others };
    if (next.count <= 0) return null;
    const { id, count } = this.#shown ?? {};
    if (!this.#shown || id !== next.id || count !== next.count) this.#shown = next;
    return this.#shown;
  }
}

// Files as the model of the server takes them: a form for each, what was posted by it, and which message has it.
import type { Attachment, Upload } from '../../src/wire/generated/types.ts';
import { Refused } from './server.ts';

export const MOST_BYTES = 1_000;
const FORM_MS = 900_000;

interface Held extends Attachment {
  readonly userId: string;
  readonly roomId: string;
  /** Until when the form is taken. */
  until: number;
  /** What was posted. */
  content: string | null;
  /** The message that has it. */
  usedBy: string | null;
}

type Variables = Readonly<Record<string, unknown>>;

export class ModelUploads {
  readonly #held = new Map<string, Held>();
  #ids = 0;

  create(userId: string, { roomId, size, contentType, name }: Variables, now: number): Upload {
    if (Number(size) > MOST_BYTES) throw new Refused('InvalidInput', { argument: 'size' });
    if (contentType === 'text/html') throw new Refused('InvalidInput', { argument: 'contentType' });
    this.#ids += 1;
    const id = `u${this.#ids}`;
    const file = { id, name: String(name), contentType: String(contentType), size: Number(size) };
    const until = now + FORM_MS;
    this.#held.set(id, { ...file, userId, roomId: String(roomId), until, content: null, usedBy: null });
    const fields = [{ name: 'key', value: id }];
    return { id, url: `https://files.test/${id}`, fields, expiresAt: new Date(until).toISOString() };
  }

  /** What posting answers, as a status. */
  post(id: string, content: string, now: number): number {
    const held = this.#held.get(id);
    if (!held || held.until < now) return 403;
    held.content = content;
    return 204;
  }

  /** The files of a message, which has them from now on; throws where they cannot be sent. */
  take(ids: readonly string[], userId: string, roomId: string, message: string): Attachment[] {
    const held = ids.map((id) => this.#held.get(id));
    const isWhole = held.every(
      (each) => each?.content && !each.usedBy && each.userId === userId && each.roomId === roomId,
    );
    if (!isWhole) throw new Refused('InvalidInput', { argument: 'attachments' });
    return held.flatMap((each) => {
      if (!each) return [];
      each.usedBy = message;
      const { id, name, contentType, size } = each;
      return [{ id, name, contentType, size }];
    });
  }

  content(id: string): string | null {
    return this.#held.get(id)?.content ?? null;
  }

  /** As after a day: no message has had them. */
  end(): void {
    for (const [id, { usedBy }] of this.#held) if (!usedBy) this.#held.delete(id);
  }

  /** As after a quarter of an hour. */
  endForms(): void {
    for (const held of this.#held.values()) held.until = 0;
  }
}

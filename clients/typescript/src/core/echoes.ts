// What is shown with a message and told by others: the quote of what it answers, and reactions that a notice told.
import type { Message, MessageReactions, Quote } from '../wire/generated/types.ts';
import { isReduced, newerQuote, revOf } from './order.ts';

/** How many messages that are not here their reactions are remembered of. */
const MOST_REACTED = 256;

export class Echoes {
  /** By message, those that answer it. */
  readonly #answers = new Map<string, Set<string>>();
  /** Reactions that a notice told, which have a `rev` of their own. */
  readonly #reacted = new Map<string, MessageReactions>();
  /** Messages that are quoted and have to be read for that. */
  readonly #wanted = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #get: (id: string) => Message | undefined;

  /** `get`: what is known of the message of that id. */
  constructor(get: (id: string) => Message | undefined) {
    this.#get = get;
  }

  /** The message of that id, where all of it is known as it is now. */
  #whole(id: string): Message | undefined {
    const known = this.#get(id);
    return known && !isReduced(known) ? known : undefined;
  }

  clear(): void {
    for (const each of [this.#answers, this.#reacted, this.#wanted, this.#asked]) each.clear();
  }

  /** Those that answer this message and are here. */
  answersTo(id: string): readonly string[] {
    return [...(this.#answers.get(id) ?? [])];
  }

  /** The message is here from now on. */
  placed({ id, replyTo, quote }: Message): void {
    if (!replyTo) return;
    const target = this.#get(replyTo);
    if (target && quote && !target.removedAt && isReduced(target) && revOf(target) > revOf(quote)) {
      this.#wanted.add(replyTo);
    }
    const answers = this.#answers.get(replyTo);
    if (answers) answers.add(id);
    else this.#answers.set(replyTo, new Set([id]));
  }

  /** It is here no more. */
  dropped({ id, replyTo }: Message): void {
    if (!replyTo) return;
    const answers = this.#answers.get(replyTo);
    answers?.delete(id);
    if (answers?.size === 0) this.#answers.delete(replyTo);
  }

  /** The message with what is known besides of its quote and its reactions. */
  complete(message: Message): Message {
    const reacted = this.#reacted.get(message.id);
    const isNews = reacted !== undefined && revOf(reacted) > revOf(message) && !message.removedAt;
    if (reacted && !isNews) this.#reacted.delete(message.id);
    const full = isNews
      ? { ...message, reactions: reacted.reactions?.length ? reacted.reactions : null }
      : message;
    const target = full.replyTo ? this.#get(full.replyTo) : undefined;
    return target ? quoting(full, target) : full;
  }

  /** Take reactions of a message in. Returns whether they are newer than those that were told before. */
  reacted(said: MessageReactions): boolean {
    const held = this.#reacted.get(said.id);
    if (held && revOf(held) >= revOf(said)) return false;
    this.#reacted.set(said.id, said);
    for (const id of this.#reacted.keys()) {
      if (this.#reacted.size <= MOST_REACTED) break;
      if (!this.#get(id)) this.#reacted.delete(id);
    }
    return true;
  }

  /** A live message quotes nothing: what it answers is read, once, where it is not here. */
  want(id: string): void {
    if (!this.#asked.has(id) && !this.#whole(id)) this.#wanted.add(id);
  }

  /** What is quoted was changed, and only that is known. */
  wantAgain(id: string): void {
    if (!this.#whole(id) && this.#answers.has(id)) this.#wanted.add(id);
  }

  /** Which messages are to be read for their quotes: each is told once. */
  takeWanted(most: number): readonly string[] {
    const wanted = [...this.#wanted].slice(0, most);
    for (const id of wanted) {
      this.#wanted.delete(id);
      this.#asked.add(id);
    }
    return wanted;
  }
}

/** The message with the quote as the quoted message has it, if that is newer. */
export function quoting(message: Message, target: Message): Message {
  if (message.removedAt || message.roomId !== target.roomId) return message;
  const { quote } = message;
  if (isReduced(target)) {
    if (!quote || !target.removedAt || revOf(target) <= revOf(quote)) return message;
    const { rev, removedAt } = target;
    return { ...message, quote: { ...quote, text: null, attachments: null, rev, removedAt } };
  }
  const next = newerQuote(quote, quoteOf(target));
  return next === quote ? message : { ...message, quote: next };
}

function quoteOf({
  id,
  roomId,
  senderId,
  text,
  ts,
  seq,
  rev,
  removedAt,
  erased,
  attachments,
}: Message): Quote {
  const optional = {
    text: text ?? null,
    seq: seq ?? null,
    rev: rev ?? null,
    removedAt: removedAt ?? null,
    erased: erased ?? null,
  };
  return { id, roomId, senderId, ts, ...optional, attachments: attachments ?? null };
}

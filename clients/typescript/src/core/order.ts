// Where a message stands among others, and which of two states of it is the newer.
import type { Message, Quote } from '../wire/generated/types.ts';
import { isErased } from './erased.ts';

/** Below zero where `a` comes first: by `seq`; what has none is from before numbering, and in order of its instant. */
export function compare(a: Message, b: Message): number {
  const first = a.seq ?? 0;
  const second = b.seq ?? 0;
  if (first !== second) return first - second;
  if (a.id === b.id) return 0;
  return a.ts < b.ts || (a.ts === b.ts && a.id < b.id) ? -1 : 1;
}

/** Where in the sorted `messages` this one stands or belongs. */
export function place(messages: readonly Message[], message: Message): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = messages[middle];
    if (there && compare(there, message) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The revision of a state; one that was never changed comes before all others. */
export const revOf = ({ rev }: { readonly rev?: number | null | undefined }) => rev ?? -1;

/**
 * Whether it says no more than which message was changed, and to which `rev`: so live where the history is visible from
 * joining (docs/visibility.md). Its sender is who changed it.
 */
export const isReduced = ({ rev, version, text, notice, erased }: Message) =>
  isSaid(rev) && !isSaid(version) && !isSaid(text) && !notice && !erased;

/** Whether the message has to be read again: it was changed, and is only known to be. */
export const isStale = (whole: Message, reduced: Message | undefined) =>
  reduced !== undefined && isReduced(reduced) && revOf(reduced) > revOf(whole) && !reduced.removedAt;

/**
 * What is kept of two states of a message: the larger `rev` (none is the smallest). Of the same `rev` the one that says
 * more, since a live message has the fields alone that its sender selected. That its sender was erased gives it no other
 * `rev`, and is the last that is said of it. Returns `held` itself where nothing is new.
 */
export function newer(held: Message, came: Message): Message {
  if (isErased(held) && (!isErased(came) || revOf(came) <= revOf(held))) return held;
  if (isErased(came)) return came;
  if (isReduced(held) !== isReduced(came)) {
    const [whole, reduced] = isReduced(came) ? [held, came] : [came, held];
    return reduced.removedAt && revOf(reduced) > revOf(whole) ? removed(whole, reduced) : whole;
  }
  const difference = revOf(came) - revOf(held);
  if (difference < 0) return held;
  if (difference > 0) return successor(held, came);
  const said = held as unknown as Readonly<Record<string, unknown>>;
  const added = Object.entries(came).filter(([name, value]) => isSaid(value) && !isSaid(said[name]));
  const quote = newerQuote(held.quote, came.quote);
  if (added.length === 0 && quote === (held.quote ?? null)) return held;
  return { ...held, ...Object.fromEntries(added), ...(quote ? { quote } : {}) };
}

/** The quote of the larger `rev`; of the same the one that says that the message is no more. */
export function newerQuote(held: Quote | null | undefined, came: Quote | null | undefined): Quote | null {
  if (!held || !came) return held ?? came ?? null;
  const difference = revOf(came) - revOf(held);
  return difference > 0 || (difference === 0 && came.removedAt && !held.removedAt) ? came : held;
}

/** What a live event leaves out: an edit changes nothing of what a message answers, and brings no quote. */
function successor(held: Message, came: Message): Message {
  if (came.removedAt || (!held.quote && !held.replyTo)) return came;
  const replyTo = came.replyTo ?? held.replyTo;
  return { ...came, replyTo, quote: newerQuote(held.quote, came.quote) };
}

function removed(whole: Message, { rev, removedAt, epoch }: Message): Message {
  const nothing = { text: null, attachments: null, mentions: null, mentionsAll: null, reactions: null };
  return { ...whole, ...nothing, replyTo: null, quote: null, rev, removedAt, epoch };
}

const isSaid = (value: unknown) => value !== null && value !== undefined;

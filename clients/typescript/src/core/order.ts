// Where a message stands among others, and which of two states of it is the newer.
import type { Message } from '../wire/generated/types.ts';

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

/**
 * What is kept of two states of a message: the larger `rev` (none is the smallest). Of the same `rev` the one that says
 * more, since a live message has the fields alone that its sender selected. Returns `held` itself where nothing is new.
 */
export function newer(held: Message, came: Message): Message {
  const difference = (came.rev ?? -1) - (held.rev ?? -1);
  if (difference !== 0) return difference > 0 ? came : held;
  const said = held as unknown as Readonly<Record<string, unknown>>;
  const says = Object.entries(came).some(([name, value]) => isSaid(value) && !isSaid(said[name]));
  if (!says) return held;
  const added = Object.entries(came).filter(([name, value]) => isSaid(value) && !isSaid(said[name]));
  return { ...held, ...Object.fromEntries(added) };
}

const isSaid = (value: unknown) => value !== null && value !== undefined;

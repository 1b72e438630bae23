// With what people react to the messages of one room, as it is to be shown: the summary that messages have, with the person's own
// reactions, those included that are not at the server yet. A summary names three people of each reaction. Where that does
// not say whether the person is one of them it is asked for, many messages at once, and remembered.
import type { Message, MyReactions, ReactionCount } from '../wire/generated/types.ts';
import { type Host, pause } from './host.ts';
import { revOf } from './order.ts';
import { isPassing } from './refusals.ts';
import type { PendingChange, ShownReaction } from './shown.ts';
import type { Timeline } from './timeline.ts';

const MOST_IDS = 100;
/** A summary follows what the person did within a second or two: for so long what they did counts, whatever it says. */
const HOLD_MS = 10_000;
/** The person may react with another device as well: what is older is asked for again where the summary has changed since. */
const OLD_MS = 600_000;
/** Nobody waits for it: four to eight seconds. */
const TRY = 4;
const NONE: readonly never[] = [];

/** Which emoji of the person's a summary counts, that does not say it; and of which summary that was asked, and when. */
interface Known {
  readonly emoji: Set<string>;
  rev: number;
  at: number;
}

/** What the server has taken from here, and a summary may not show yet. */
interface Done {
  readonly id: string;
  readonly emoji: string;
  readonly on: boolean;
  readonly rev: number;
  readonly at: number;
}

export class Reactions {
  readonly #timeline: Timeline;
  readonly #host: Host;
  readonly #userId: string;
  #known = new Map<string, Known>();
  #done: readonly Done[] = NONE;
  #shown: ReadonlyMap<string, readonly ShownReaction[]> = new Map();
  /** What was looked at last. */
  #messages: readonly Message[] = NONE;
  #changes: ReadonlyMap<string, PendingChange> | null = null;
  #isBusy = false;

  constructor(timeline: Timeline, host: Host, userId: string) {
    this.#timeline = timeline;
    this.#host = host;
    this.#userId = userId;
  }

  /** By the message's id: the same map, and the same list of each, until something in it changes. */
  get shown(): ReadonlyMap<string, readonly ShownReaction[]> {
    return this.#shown;
  }

  /** Nothing that is known or under way is for what is here now. */
  forget(): void {
    this.#known = new Map();
    this.due();
  }

  /** A pause is over. */
  due(): void {
    this.#isBusy = false;
    this.#changes = null;
  }

  /** The server has what the person did. */
  reacted(id: string, emoji: string, on: boolean): void {
    const others = this.#done.filter((each) => each.id !== id || each.emoji !== emoji);
    const rev = revOf(this.#timeline.get(id) ?? {});
    this.#done = [...others, { id, emoji, on, rev, at: this.#host.now() }];
  }

  /** Show what there is, and ask for what is not known. `changes`: what is not at the server yet. */
  look(changes: ReadonlyMap<string, PendingChange>): void {
    const { messages } = this.#timeline;
    if (messages === this.#messages && changes === this.#changes && this.#done.length === 0) return;
    this.#messages = messages;
    this.#changes = changes;
    this.#settle();
    const shown = new Map<string, readonly ShownReaction[]>();
    let isNew = false;
    for (const message of messages) {
      const { id } = message;
      const next = this.#reactionsOf(message, changes.get(id)?.reactions ?? NONE);
      const before = this.#shown.get(id) ?? NONE;
      const isSame = JSON.stringify(before) === JSON.stringify(next);
      if (next.length > 0) shown.set(id, isSame ? before : next);
      isNew ||= !isSame;
    }
    if (isNew || shown.size !== this.#shown.size) this.#shown = shown;
    const open = messages.filter((message) => this.#isOpen(message)).slice(-MOST_IDS);
    if (open.length > 0 && !this.#isBusy) this.#ask(open);
  }

  /** What a summary must count by now is remembered, where it does not say so itself. */
  #settle(): void {
    for (const id of this.#known.keys()) if (!this.#timeline.get(id)) this.#known.delete(id);
    this.#done = this.#done.filter(({ id, emoji, on, rev, at }) => {
      const message = this.#timeline.get(id);
      const isOver = Math.abs(this.#host.now() - at) >= HOLD_MS;
      if (message && (isOver || revOf(message) > rev) && saidOf(message, emoji, this.#userId) === null) {
        const known = this.#known.get(id)?.emoji;
        if (on) known?.add(emoji);
        else known?.delete(emoji);
      }
      return message && !isOver;
    });
  }

  #reactionsOf(message: Message, pending: PendingChange['reactions']): readonly ShownReaction[] {
    const { id, reactions, removedAt } = message;
    const mine = new Map<string, boolean>();
    for (const { emoji, on } of [...this.#done.filter((each) => each.id === id), ...pending])
      mine.set(emoji, on);
    const counts: ReactionCount[] = [...(reactions ?? NONE)];
    for (const emoji of mine.keys()) {
      if (!counts.some((each) => each.emoji === emoji)) counts.push({ emoji, count: 0, userIds: NONE });
    }
    return counts.flatMap<ShownReaction>(({ emoji, count, userIds }) => {
      const said = saidOf(message, emoji, this.#userId);
      const isCounted = said ?? this.#known.get(id)?.emoji.has(emoji) ?? false;
      const isMine = mine.get(emoji) ?? isCounted;
      const shown = count + Number(isMine) - Number(isCounted);
      return shown > 0 && !removedAt ? [{ emoji, count: shown, userIds, isMine }] : [];
    });
  }

  /** Whether it has to be asked for. */
  #isOpen(message: Message): boolean {
    const known = this.#known.get(message.id);
    if (known && (known.rev >= revOf(message) || Math.abs(this.#host.now() - known.at) < OLD_MS))
      return false;
    return message.reactions?.some(({ emoji }) => saidOf(message, emoji, this.#userId) === null) ?? false;
  }

  #ask(messages: readonly Message[]): void {
    const known = this.#known;
    const { roomId } = this.#timeline;
    this.#isBusy = true;
    this.#host.request('myReactions', { roomId, ids: messages.map(({ id }) => id) }, (value, refusal) => {
      if (known !== this.#known) return;
      if (refusal && isPassing(refusal)) {
        const afterMs = pause(TRY, this.#host.chance());
        return this.#host.emit({ type: 'timer', key: `reactions/${roomId}`, afterMs });
      }
      const found = new Map(((value ?? NONE) as readonly MyReactions[]).map((each) => [each.id, each.emoji]));
      const at = this.#host.now();
      for (const message of messages) {
        known.set(message.id, { emoji: new Set(found.get(message.id)), rev: revOf(message), at });
      }
      this.due();
    });
  }
}

/** Whether the person is one of those who react so, as the summary says it; `null` where it names too few. */
function saidOf({ reactions }: Message, emoji: string, userId: string): boolean | null {
  const found = reactions?.find((each) => each.emoji === emoji);
  if (!found || found.userIds.includes(userId)) return found !== undefined;
  return found.count > found.userIds.length ? null : false;
}

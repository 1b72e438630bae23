// One room's messages: a part of its history without a gap, the window, in order of `seq`, with the newest `rev` of each;
// and what is known to be missing. It reads nothing by itself: pages and events are put in, and say whether something has
// to be asked for.
import type {
  ChangePage,
  Message,
  MessageConnection,
  MessageReactions,
  RoomHead,
  SeqRange,
} from '../wire/generated/types.ts';
import { Aside } from './aside.ts';
import { Echoes, quoting } from './echoes.ts';
import { isIn, without } from './erased.ts';
import { compare, isReduced, newer } from './order.ts';
import { Reach } from './reach.ts';
import { Sorted } from './sorted.ts';

/** What a page is asked for: more on one side, or another window. */
export type PageOf = 'older' | 'newer' | 'window';

export class Timeline {
  /** What was read up to: where `changes` goes on. Neither live events nor pages of history move it. */
  head: RoomHead | null = null;
  /** Whether there are messages before the oldest one here. */
  hasOlder = false;
  /** Whether there are messages after the newest one here. */
  hasNewer = false;

  readonly roomId: string;
  readonly #keep: number;
  readonly #reach = new Reach();
  readonly #window = new Sorted();
  readonly #aside = new Aside();
  readonly #echoes = new Echoes((id) => this.#window.get(id) ?? this.#aside.get(id));
  readonly #underWay = new Set<PageOf>();
  /** The numbers of messages whose senders were erased. */
  #erased: readonly SeqRange[] = [];
  /** The newest number when the window left the end. */
  #leftAt = 0;

  /** `keep`: how many messages stay in memory; what is beyond is let go of at the end that was not asked for. */
  constructor(roomId: string, keep = 500) {
    this.roomId = roomId;
    this.#keep = keep;
  }

  /** The messages, oldest first: the same array until something changes. */
  get messages(): readonly Message[] {
    return this.#window.all;
  }

  /** The number up to which nothing is missing. */
  get reached(): number {
    return this.#reach.reached;
  }

  /** The newest number that was heard of. */
  get newest(): number {
    return this.#reach.newest;
  }

  /** Whether a number is missing below one that was heard of. */
  get hasGap(): boolean {
    return this.#reach.hasGap;
  }

  /** How many messages came while the window was not at the end. */
  get newMessages(): number {
    return this.hasNewer ? Math.max(0, this.newest - this.#leftAt) : 0;
  }

  /** The message of that id, if it is in the window. */
  get(id: string): Message | undefined {
    return this.#window.get(id);
  }

  /** The number and the instant of the message up to which nothing is missing, for `heartbeat`. */
  get position(): { seq: number; ts?: string } {
    const { reached } = this;
    const last = this.#window.numbered(reached);
    return last ? { seq: reached, ts: last.ts } : { seq: reached };
  }

  /** Forget everything: what comes next is a first page. */
  clear(): void {
    this.head = null;
    this.hasOlder = this.hasNewer = false;
    this.#erased = [];
    for (const each of [this.#reach, this.#window, this.#echoes, this.#aside, this.#underWay]) each.clear();
  }

  /** Put the first page of `messages` (newest first) in the place of everything. */
  begin(page: MessageConnection): void {
    this.clear();
    this.head = page.head;
    this.#put(page.items);
    this.hasOlder = Boolean(page.nextToken);
    this.#reach.reach(page.head.seq);
  }

  /** The instant from which the next page goes on, or `null` where there is none to ask for. */
  ask(side: 'older' | 'newer'): string | null {
    const bound = side === 'older' ? this.#window.oldest : this.#window.newest;
    if (!(side === 'older' ? this.hasOlder : this.hasNewer) || !bound) return null;
    this.#underWay.add(side);
    return bound.ts;
  }

  /** Another window is asked for; pages on its sides do not come any more. */
  askWindow(): void {
    this.#underWay.clear();
    this.#trim(this.hasNewer ? 'newest' : 'oldest');
    this.#underWay.add('window');
  }

  /** The page did not come. */
  giveUp(page: PageOf): void {
    this.#underWay.delete(page);
    this.#forgetAside();
    if (page !== 'window') this.#trim(page === 'older' ? 'oldest' : 'newest');
  }

  /** Put a page (newest first) before the oldest message. */
  addOlder(page: MessageConnection): void {
    this.#underWay.delete('older');
    this.hasOlder = Boolean(page.nextToken);
    this.#put(this.#known(page.items));
    this.#trim('newest');
  }

  /** Put a page (oldest first) after the newest message. */
  addNewer(page: MessageConnection): void {
    this.#underWay.delete('newer');
    this.#put(this.#known(page.items));
    if (!page.nextToken) this.#meetEnd(page.head.seq);
    this.#reach.reach(this.reached);
    this.#trim('oldest');
  }

  /** Put a page in the place of the window. `seq`: the newest number when it was read. */
  show(items: readonly Message[], seq: number, hasOlder: boolean, hasNewer: boolean): void {
    this.#underWay.delete('window');
    const known = this.#known(items);
    for (const message of this.messages) {
      this.#drop(message);
      this.#aside.put(message); // it may be after these, or be quoted by one of them
    }
    if (!this.hasNewer) this.#leftAt = this.newest;
    this.hasOlder = hasOlder;
    this.hasNewer = true;
    this.#put(known);
    if (!hasNewer) this.#meetEnd(seq);
    this.#reach.reach(this.reached);
    this.#trim('oldest');
    this.#forgetAside();
  }

  /** What came live, or as the answer to a call. */
  add(items: readonly Message[]): void {
    for (const message of items) this.#add(message);
    this.#reach.reach(this.reached);
    this.#trim('oldest');
    this.#forgetAside();
  }

  /** The senders of the messages with these numbers were erased. Returns the ids of those that are here. */
  erase(ranges: readonly SeqRange[]): readonly string[] {
    this.#erased = [...this.#erased, ...ranges];
    this.#aside.sift((message) => without(message, ranges));
    this.sift((message) => without(message, ranges));
    return this.messages.filter(({ seq }) => isIn(ranges, seq)).map(({ id }) => id);
  }

  /** One page of `changes`, not a `reset`. The last one says that everything up to its head is here. */
  catchUp(page: ChangePage): void {
    this.add(page.items);
    if (page.nextToken) return;
    this.head = page.head;
    this.#reach.reach(page.head.seq);
  }

  /** What a notice says of reactions. Returns whether it says all. */
  react(reactions: readonly MessageReactions[]): boolean {
    for (const said of reactions) {
      if (!said.reactions || !this.#echoes.reacted(said)) continue;
      const held = this.#window.get(said.id);
      if (held) this.#replace(held, held);
    }
    return reactions.every((said) => said.reactions);
  }

  /** Which messages are to be read by their ids: those that are only known to have been changed, and those that are quoted. */
  wanted(most: number): { readonly stale: readonly string[]; readonly quoted: readonly string[] } {
    const stale = this.#aside.stale.slice(0, most);
    return { stale, quoted: this.#echoes.takeWanted(most - stale.length) };
  }

  /** These are still to be read for their quotes. */
  wantAgain(quoted: readonly string[]): void {
    for (const id of quoted) this.#echoes.wantAgain(id);
  }

  /** Whether the message is only known to have been changed. */
  isStale(id: string): boolean {
    return this.#aside.isStale(id);
  }

  /** What was read by ids. Of `stale` those that did not come are not to be seen any more. */
  addWanted(stale: readonly string[], items: readonly Message[]): void {
    const came = new Set(items.map(({ id }) => id));
    for (const id of stale) if (!came.has(id)) this.#drop(this.#window.get(id));
    this.add(items.filter(({ id }) => this.#window.get(id)));
    for (const message of items) this.#tellAnswers(without(message, this.#erased));
  }

  /** Put what `change` makes of it in the place of each message; `null`: it and all before it are no more. */
  sift(change: (message: Message) => Message | null): void {
    for (const message of this.messages) {
      const next = change(message);
      if (next && next !== message) this.#place(message, next);
      else if (!next) this.#drop(message);
      this.hasOlder &&= next !== null;
    }
  }

  #add(came: Message): void {
    if (came.roomId !== this.roomId || came.notice) return;
    const message = without(came, this.#erased);
    const held = this.#window.get(message.id);
    const isWhole = !isReduced(message);
    if (message.seq) this.#reach.heard(message.seq, isWhole);
    if (held) return this.#replace(held, message);
    if (isWhole && !this.#isOutside(message)) {
      if (message.replyTo && !message.quote && !message.removedAt) this.#echoes.want(message.replyTo);
      return this.#put(this.#known([message]));
    }
    this.#aside.put(message);
    if (!isWhole && !message.removedAt) this.#echoes.wantAgain(message.id);
    this.#tellAnswers(message);
  }

  /** Whether it is before or after the window, where there are others between. */
  #isOutside(message: Message): boolean {
    const { oldest, newest } = this.#window;
    if (this.hasNewer && (!newest || compare(message, newest) > 0)) return true;
    return this.hasOlder && oldest !== undefined && compare(message, oldest) < 0;
  }

  /** Everything up to `seq` is here that can be seen: so is what was put aside after it, if nothing is missing between. */
  #meetEnd(seq: number): void {
    let covered = Math.max(seq, this.#window.newest?.seq ?? 0);
    const after = this.#aside.after(covered);
    while (after[0]?.seq === covered + 1) {
      this.#put(after.splice(0, 1));
      covered += 1;
    }
    this.hasNewer = covered < this.reached;
    if (!this.hasNewer) this.#put(after);
  }

  /** The messages of a page as they are known here, which may be newer. */
  #known(items: readonly Message[]): readonly Message[] {
    const mine = items.filter(({ roomId }) => roomId === this.roomId);
    return mine.map((message) => {
      const held = this.#window.get(message.id);
      return this.#aside.known(held ? newer(held, message) : message);
    });
  }

  #forgetAside(): void {
    if (this.#underWay.size === 0) this.#aside.forget();
  }

  #put(items: readonly Message[]): void {
    for (const item of items) {
      const came = without(item, this.#erased);
      if (came.roomId !== this.roomId || came.notice || isReduced(came)) continue;
      if (came.seq) this.#reach.heard(came.seq, true);
      const held = this.#window.get(came.id);
      if (held) this.#replace(held, came);
      else this.#place(undefined, this.#echoes.complete(came));
    }
  }

  /** Of two states of a message that is here the newer one is shown. */
  #replace(held: Message, came: Message): void {
    const kept = this.#echoes.complete(newer(held, came));
    if (kept !== held) this.#place(held, kept);
    this.#aside.compare(kept, came);
  }

  #place(held: Message | undefined, kept: Message): void {
    if (held) this.#echoes.dropped(held);
    this.#window.put(kept, held);
    this.#echoes.placed(kept);
    this.#tellAnswers(kept);
  }

  /** Those that answer it quote it as it is now. */
  #tellAnswers(message: Message): void {
    for (const id of this.#echoes.answersTo(message.id)) {
      const answer = this.#window.get(id);
      const next = answer && quoting(answer, message);
      if (answer && next && next !== answer && id !== message.id) this.#place(answer, next);
    }
  }

  #drop(message: Message | undefined): void {
    if (!message) return;
    this.#window.drop(message);
    this.#aside.dropped(message.id);
    this.#echoes.dropped(message);
  }

  /** Let go of what is too much at one end, unless a page is under way that must meet it. */
  #trim(end: 'oldest' | 'newest'): void {
    const over = this.#window.size - this.#keep;
    if (over <= 0 || this.#underWay.has(end === 'oldest' ? 'older' : 'newer')) return;
    for (let left = over; left > 0; left -= 1) {
      const message = end === 'oldest' ? this.#window.oldest : this.#window.newest;
      this.#drop(message);
      if (message && this.#underWay.size > 0) this.#aside.put(message);
    }
    if (end === 'oldest') this.hasOlder = true;
    else if (!this.hasNewer) {
      this.hasNewer = true;
      this.#leftAt = this.newest;
    }
  }
}

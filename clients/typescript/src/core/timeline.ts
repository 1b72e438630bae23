// One room's messages: in order of `seq`, the newest `rev` of each, and what is known to be missing. It reads nothing
// by itself: pages and events are put in, and say whether something has to be asked for.
import type { ChangePage, Message, MessageConnection, RoomHead } from '../wire/generated/types.ts';
import { compare, newer, place } from './order.ts';

/** How many changed messages outside of the window are remembered while no page of history is under way. */
const MOST_ASIDE = 256;

export class Timeline {
  /** What was read up to: where `changes` goes on. Live events do not move it. */
  head: RoomHead | null = null;
  /** The number up to which nothing is missing. */
  reached = 0;
  /** The newest number that was heard of. */
  newest = 0;
  /** Whether there are messages before the oldest one here. */
  hasOlder = false;

  readonly roomId: string;
  readonly #keep: number;
  #most: number;
  #messages: Message[] = [];
  #ids = new Map<string, Message>();
  /** Numbers above `reached` that are here. */
  #ahead = new Set<number>();
  /** Newer states of messages that are older than the window: a page that is under way may not know them. */
  #aside = new Map<string, Message>();
  #isReadingOlder = false;
  #snapshot: readonly Message[] | null = null;

  /** `keep`: how many messages stay in memory while new ones come, unless the person has asked for older ones. */
  constructor(roomId: string, keep = 500) {
    this.roomId = roomId;
    this.#keep = keep;
    this.#most = keep;
  }

  /** The messages, oldest first: the same array until something changes. */
  get messages(): readonly Message[] {
    this.#snapshot ??= [...this.#messages];
    return this.#snapshot;
  }

  /** Whether a number is missing below one that is here. */
  get hasGap(): boolean {
    return this.#ahead.size > 0;
  }

  /** The message of that id, if it is in the window. */
  get(id: string): Message | undefined {
    return this.#ids.get(id);
  }

  /** The number and the instant of the message up to which nothing is missing, for `heartbeat`. */
  get position(): { seq: number; ts?: string } {
    for (let index = this.#messages.length - 1; index >= 0; index -= 1) {
      const message = this.#messages[index];
      if (message?.seq === this.reached) return { seq: this.reached, ts: message.ts };
      if ((message?.seq ?? 0) < this.reached) break;
    }
    return { seq: this.reached };
  }

  /** Forget everything: what comes next is a first page. */
  clear(): void {
    this.head = null;
    this.reached = this.newest = 0;
    this.hasOlder = false;
    this.#most = this.#keep;
    this.#messages = [];
    this.#ids.clear();
    this.#ahead.clear();
    this.#aside.clear();
    this.#isReadingOlder = false;
    this.#snapshot = null;
  }

  /** Put the first page of `messages` (newest first) in the place of everything. */
  begin(page: MessageConnection): void {
    this.clear();
    this.head = page.head;
    this.#put(page.items);
    this.hasOlder = Boolean(page.nextToken);
    this.#reach(page.head.seq);
  }

  /** The bound for the next page of older messages, or `null` where there is none to ask for. */
  askOlder(): string | null {
    const oldest = this.#messages[0];
    if (!this.hasOlder || !oldest) return null;
    this.#isReadingOlder = true;
    return oldest.ts;
  }

  /** Put a page (newest first) before the oldest message. */
  addOlder(page: MessageConnection): void {
    this.#isReadingOlder = false;
    const mine = page.items.filter((message) => message.roomId === this.roomId);
    this.hasOlder = Boolean(page.nextToken);
    this.#put(mine.map((message) => newer(message, this.#aside.get(message.id) ?? message)));
    for (const { id } of mine) this.#aside.delete(id);
    this.#most = Math.max(this.#keep, this.#messages.length);
    this.#forgetAside();
  }

  /** The page of older messages did not come. */
  giveUpOlder(): void {
    this.#isReadingOlder = false;
    this.#forgetAside();
  }

  /** What came live, or as the answer to a call. */
  add(items: readonly Message[]): void {
    for (const { roomId, seq } of items) {
      if (roomId === this.roomId && seq && seq > this.reached) this.#ahead.add(seq);
    }
    this.#place(items);
    this.#reach(this.reached);
  }

  /** One page of `changes`, not a `reset`. The last one says that everything up to its head is here. */
  catchUp(page: ChangePage): void {
    this.add(page.items);
    if (page.nextToken) return;
    this.head = page.head;
    this.#reach(page.head.seq);
  }

  /** The person looks at the newest messages: no more than `keep` need to stay. */
  shrink(): void {
    this.#most = this.#keep;
    this.#trim();
  }

  #reach(seq: number): void {
    this.newest = Math.max(this.newest, seq);
    this.reached = Math.max(this.reached, seq);
    while (this.#ahead.delete(this.reached + 1)) this.reached += 1;
    for (const each of this.#ahead) if (each <= this.reached) this.#ahead.delete(each);
    this.#trim();
  }

  /** Put messages into the window; those from before it are set aside. */
  #place(items: readonly Message[]): void {
    const oldest = this.#messages[0];
    const isBefore = (message: Message) =>
      this.hasOlder && oldest !== undefined && compare(message, oldest) < 0 && !this.#ids.has(message.id);
    this.#put(items.filter((message) => !isBefore(message)));
    for (const message of items) {
      if (!isBefore(message) || message.roomId !== this.roomId) continue;
      const held = this.#aside.get(message.id);
      this.#aside.set(message.id, held ? newer(held, message) : message);
    }
    this.#forgetAside();
  }

  #forgetAside(): void {
    if (this.#isReadingOlder) return;
    for (const id of this.#aside.keys()) {
      if (this.#aside.size <= MOST_ASIDE) return;
      this.#aside.delete(id);
    }
  }

  #put(items: readonly Message[]): void {
    for (const came of items) {
      if (came.roomId !== this.roomId || came.notice) continue;
      const held = this.#ids.get(came.id);
      const kept = held ? newer(held, came) : came;
      if (kept === held) continue;
      if (held) this.#messages.splice(place(this.#messages, held), 1);
      this.#messages.splice(place(this.#messages, kept), 0, kept);
      this.#ids.set(kept.id, kept);
      this.newest = Math.max(this.newest, kept.seq ?? 0);
      this.#snapshot = null;
    }
  }

  #trim(): void {
    const over = this.#messages.length - this.#most;
    if (over <= 0 || this.#isReadingOlder) return; // the page that is under way must meet the oldest message
    for (const { id } of this.#messages.splice(0, over)) this.#ids.delete(id);
    this.hasOlder = true;
    this.#snapshot = null;
  }
}

// One open room: read, subscribe, catch up, and keep so (docs/clients.md, steps 2 to 6).
import type { ChangePage, Message, Room, RoomState, SeqRange } from '../wire/generated/types.ts';
import { Expiry } from './expiry.ts';
import type { Host } from './host.ts';
import { Line } from './line.ts';
import { Lookup } from './lookup.ts';
import { Pages } from './pages.ts';
import { Reactions } from './reactions.ts';
import type { Refusal } from './refusals.ts';
import type { RoomStatus } from './shown.ts';
import { Timeline } from './timeline.ts';
import { Tries } from './tries.ts';

/** A page without messages that goes on: something is not visible yet. */
const EMPTY_PAUSE_MS = 250;
const LEAVING = new Set(['MEMBER_REMOVED', 'MEMBER_LEFT', 'MEMBER_BANNED']);

type Phase = 'reading' | 'offline' | 'subscribing' | 'catchingUp' | 'live' | 'waiting' | 'left' | 'closed';

export interface RoomOptions {
  readonly roomId: string;
  readonly userId: string;
  /** How many messages stay in memory. */
  readonly keep: number;
  /** Whether subscriptions name the epoch; a gateway follows it by itself. */
  readonly followsEpochs: boolean;
  /** Hears of the messages that pages have brought. */
  readonly seen: (messages: readonly Message[]) => void;
  /** Hears of the room as a notice tells it. */
  readonly changed: (room: Room) => void;
  /** Hears which messages' senders were erased. */
  readonly erased: (ids: readonly string[]) => void;
}

export class RoomSession {
  readonly timeline: Timeline;
  readonly pages: Pages;
  readonly lookup: Lookup;
  readonly expiry: Expiry;
  readonly reactions: Reactions;
  readonly line = new Line();
  refusal: Refusal | null = null;
  isSubscribed = false;

  readonly #options: RoomOptions;
  readonly #host: Host;
  #phase: Phase = 'reading';
  #isUp: boolean;
  #epoch = 0;
  #subscription = 0;
  /** What was asked for before this number moved is not for this reading. */
  #reading = 0;
  /** Something came while catching up that asks for it once more. */
  #again = false;
  /** Whether everything had come that there was to come, when it was looked at last. */
  #isComplete = false;
  readonly #tries: Tries;

  constructor(options: RoomOptions, host: Host, isUp: boolean) {
    this.#options = options;
    this.#host = host;
    this.#isUp = isUp;
    const { roomId, userId, keep, seen } = options;
    this.timeline = new Timeline(roomId, keep);
    this.#tries = new Tries(host, `room/${roomId}`);
    this.lookup = new Lookup(this.timeline, host);
    this.expiry = new Expiry(this.timeline, host);
    this.reactions = new Reactions(this.timeline, host, userId);
    const read = (messages: readonly Message[]) => {
      seen(messages);
      if (this.timeline.hasGap) this.#lookAgain();
    };
    this.pages = new Pages(this.timeline, host, { read, gone: () => this.leave() });
    this.#read();
  }

  get status(): RoomStatus {
    if (this.#phase === 'left') return 'left';
    if (!this.timeline.head) return 'loading';
    if (!this.#isUp) return 'offline';
    return this.#phase === 'live' ? 'live' : 'catchingUp';
  }

  /** The connection is there: whatever was subscribed to is not any more. */
  up(): void {
    this.#isUp = true;
    this.isSubscribed = false;
    if (this.#isOver()) return;
    if (this.timeline.head) this.#subscribe();
    else if (this.#phase !== 'reading') this.#read();
  }

  down(): void {
    this.#isUp = this.isSubscribed = false;
    if (!this.#isOver() && this.timeline.head) this.#rest('offline');
  }

  close(): void {
    this.#rest('closed');
    this.pages.forget();
    this.lookup.forget();
    this.reactions.forget();
    if (this.#subscription) this.#host.emit({ type: 'unsubscribe', roomId: this.#options.roomId });
  }

  /** The person is not in the room any more: nothing of it stays. */
  leave(): void {
    if (this.#isOver()) return;
    this.close();
    this.#phase = 'left';
    this.refusal = null;
    this.timeline.clear();
  }

  /** Forget the room's messages, and begin with the newest. */
  reset(): void {
    if (this.#isOver()) return;
    this.pages.forget();
    this.timeline.clear();
    this.#read();
  }

  /** `isResumed`: what was missed has come already, as far as everything had come before. */
  subscribed(number: number, isResumed: boolean): void {
    if (number !== this.#subscription || this.#isOver()) return;
    this.isSubscribed = true;
    if (isResumed && this.#isComplete && !this.timeline.hasGap) this.#settled();
    else this.#catchUp();
  }

  notSubscribed(number: number, refusal: Refusal): void {
    if (number !== this.#subscription || this.#isOver()) return;
    this.isSubscribed = false;
    if (refusal.code === 'StaleEpoch') {
      this.#epoch = refusal.epoch;
      this.#once(() => this.#subscribe());
    } else this.#failed(refusal, () => this.#subscribe());
  }

  /** A live event of this room. */
  live(message: Message): void {
    if (this.#isOver() || message.roomId !== this.#options.roomId) return;
    if (message.notice) this.#noticed(message);
    else this.add([message]);
  }

  /** Messages of this room from anywhere. What they leave out is asked for. */
  add(messages: readonly Message[]): void {
    if (this.#isOver() || !this.timeline.head) return;
    this.timeline.add(messages);
    if (this.timeline.hasGap) this.#lookAgain();
  }

  /** The senders of the messages with these numbers were erased. */
  erase(ranges: readonly SeqRange[]): void {
    if (this.timeline.head) this.#options.erased(this.timeline.erase(ranges));
  }

  /** What `heartbeat` says of this room. */
  compare(state: RoomState): void {
    const { head } = this.timeline;
    if (state.left) return this.leave();
    if (this.#isOver() || !head) return;
    if ((state.epoch ?? 0) > this.#epoch) this.#follow(state.epoch ?? 0);
    else if ((state.rev ?? 0) > head.rev) this.#lookAgain();
  }

  due(): void {
    this.#tries.due();
  }

  #read(): void {
    this.#rest('reading');
    this.#isComplete = false;
    this.lookup.forget();
    this.reactions.forget();
    this.pages.begin((isRead) => {
      if (!isRead) return this.#failed(this.pages.refusal, () => this.#read());
      this.#epoch = this.timeline.head?.epoch ?? 0;
      this.refusal = null;
      this.#subscribe();
    });
  }

  #subscribe(): void {
    if (!this.#isUp) return this.#rest('offline');
    this.#rest('subscribing');
    this.isSubscribed = false;
    this.#subscription += 1;
    const { roomId } = this.#options;
    this.#host.emit({ type: 'subscribe', roomId, epoch: this.#epoch, number: this.#subscription });
  }

  #catchUp(): void {
    this.#rest('catchingUp');
    this.#isComplete = false;
    this.#changes(null);
  }

  #changes(nextToken: string | null): void {
    const { head } = this.timeline;
    if (!head) return this.#read();
    const variables = {
      roomId: this.#options.roomId,
      since: head.rev,
      after: head.ts,
      limit: 100,
      nextToken,
    };
    const reading = this.#reading;
    this.#host.request('changes', variables, (value, refusal) => {
      if (reading !== this.#reading || this.#isOver()) return;
      const page = refusal ? null : (value as ChangePage | null);
      if (page) this.#changed(page);
      else if (refusal?.code === 'NotAllowed') this.#settled();
      else if (refusal?.code === 'InvalidInput') this.#once(() => this.reset());
      else this.#failed(refusal, () => this.#catchUp());
    });
  }

  #changed(page: ChangePage): void {
    if (page.reset) return this.#once(() => this.reset());
    if (page.erased?.length) this.erase(page.erased);
    this.#take(page, () => this.timeline.catchUp(page));
    const { nextToken } = page;
    if (nextToken && page.items.length > 0) return this.#changes(nextToken);
    if (nextToken) {
      this.#wait();
      return this.#tries.after(EMPTY_PAUSE_MS, () => this.#changes(nextToken));
    }
    if (page.head.epoch > this.#epoch) {
      this.#epoch = page.head.epoch;
      if (!this.#options.followsEpochs) return this.#subscribe();
    }
    if (this.#again) return this.#catchUp();
    this.#settled();
    // What came live may be ahead of what can be read: a moment later it can be.
    if (this.timeline.hasGap) this.#pauseBefore(() => this.#catchUp(), null);
  }

  #take(page: { readonly items: readonly Message[] }, put: () => void): void {
    put();
    this.#options.seen(page.items);
  }

  #settled(): void {
    this.#phase = 'live';
    this.refusal = null;
    if (this.timeline.hasGap) return;
    this.#isComplete = true;
    this.#tries.succeeded();
  }

  /** Something is missing: catch up, once more if that is under way. */
  #lookAgain(): void {
    if (this.#phase === 'catchingUp') this.#again = true;
    else if (this.#phase === 'live' && !this.#tries.isWaiting) this.#catchUp();
  }

  #noticed({ notice, epoch }: Message): void {
    if (!notice || (epoch ?? 0) < this.#epoch) return; // of an epoch that is over: it was told before
    const isMine = notice.userId === this.#options.userId;
    if (notice.kind === 'ROOM_DELETED' || (isMine && LEAVING.has(notice.kind ?? ''))) return this.leave();
    if (notice.room) this.#options.changed(notice.room);
    const { head } = this.timeline;
    if (head && (notice.room?.historyRev ?? 0) > head.rev) return this.reset(); // another part of it is visible
    if (notice.nextEpoch && notice.nextEpoch > this.#epoch) this.#follow(notice.nextEpoch);
    else if (notice.erased) this.erase(notice.erased);
    else if (!notice.reactions || !this.timeline.react(notice.reactions)) this.#lookAgain();
  }

  /** Another epoch has begun: subscribe with it. */
  #follow(epoch: number): void {
    this.#epoch = epoch;
    if (this.#options.followsEpochs && this.isSubscribed) this.#lookAgain();
    else if (this.timeline.head) this.#subscribe();
  }

  #failed(refusal: Refusal | null, then: () => void): void {
    if (refusal?.code === 'NotRoomMember') return this.leave();
    if (refusal?.code === 'Unauthorized' || refusal?.code === 'IdentityRefused') this.#host.unauthorized();
    this.#pauseBefore(then, refusal);
  }

  /** At once, but after a pause where that was done before and has not helped. */
  #once(then: () => void): void {
    if (!this.#tries.once(then)) this.#wait();
  }

  #pauseBefore(then: () => void, refusal: Refusal | null): void {
    this.refusal = refusal ?? this.refusal;
    this.#wait();
    this.#tries.again(then, refusal);
  }

  #wait(): void {
    if (this.#phase !== 'live') this.#phase = 'waiting';
  }

  /** Whatever was under way is so no more. */
  #rest(phase: Phase): void {
    this.#reading += 1;
    this.#again = false;
    this.#tries.forget();
    this.#phase = phase;
  }

  #isOver(): boolean {
    return this.#phase === 'closed' || this.#phase === 'left';
  }
}

// One open room: read, subscribe, catch up, and keep so (docs/clients.md, steps 2 to 6).
import type { ChangePage, Message, MessageConnection, RoomState } from '../wire/generated/types.ts';
import { type Host, pause, type RoomStatus } from './protocol.ts';
import type { Refusal } from './refusals.ts';
import { Timeline } from './timeline.ts';

const PAGE = 50;
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
}

export class RoomSession {
  readonly timeline: Timeline;
  refusal: Refusal | null = null;
  isLoadingOlder = false;
  isSubscribed = false;

  readonly #options: RoomOptions;
  readonly #host: Host;
  #phase: Phase = 'reading';
  #isUp: boolean;
  #epoch = 0;
  #subscription = 0;
  /** What was asked for before these numbers moved is not for this reading, or not for these messages. */
  #reading = 0;
  #filling = 0;
  /** Something came while catching up that asks for it once more. */
  #again = false;
  #attempts = 0;
  /** What to go on with after a pause. */
  #next: (() => void) | null = null;

  constructor(options: RoomOptions, host: Host, isUp: boolean) {
    this.#options = options;
    this.#host = host;
    this.#isUp = isUp;
    this.timeline = new Timeline(options.roomId, options.keep);
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
    this.timeline.clear();
    this.#read();
  }

  subscribed(number: number): void {
    if (number !== this.#subscription || this.#isOver()) return;
    this.isSubscribed = true;
    this.#catchUp();
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

  /** What `heartbeat` says of this room. */
  compare(state: RoomState): void {
    const { head } = this.timeline;
    if (state.left) return this.leave();
    if (this.#isOver() || !head) return;
    if ((state.epoch ?? 0) > this.#epoch) this.#follow(state.epoch ?? 0);
    else if ((state.rev ?? 0) > head.rev) this.#lookAgain();
  }

  due(): void {
    const next = this.#next;
    this.#next = null;
    next?.();
  }

  loadOlder(): void {
    const before = this.timeline.askOlder();
    if (before === null || this.isLoadingOlder || this.#isOver()) return;
    this.isLoadingOlder = true;
    this.#older(before, null);
  }

  #older(before: string, nextToken: string | null): void {
    const variables = { roomId: this.#options.roomId, before, limit: PAGE, nextToken };
    const filling = this.#filling;
    this.#host.request('messages', variables, (value, refusal) => {
      if (filling !== this.#filling || this.#isOver()) return;
      const page = refusal ? null : (value as MessageConnection | null);
      if (page && page.items.length === 0 && page.nextToken) return this.#older(before, page.nextToken);
      this.isLoadingOlder = false;
      if (page) return this.#take(page, () => this.timeline.addOlder(page));
      this.timeline.giveUpOlder();
      if (refusal?.code === 'NotRoomMember') this.leave();
    });
  }

  #read(): void {
    this.#rest('reading');
    this.#filling += 1;
    this.isLoadingOlder = false;
    this.timeline.giveUpOlder();
    this.#page(null, null);
  }

  /** The newest page that has messages, under the head of the first. */
  #page(nextToken: string | null, first: MessageConnection | null): void {
    const variables = { roomId: this.#options.roomId, limit: PAGE, nextToken };
    this.#ask('messages', variables, (page: MessageConnection | null, refusal) => {
      if (!page) return this.#failed(refusal, () => this.#read());
      const head = (first ?? page).head;
      if (page.items.length === 0 && page.nextToken) return this.#page(page.nextToken, first ?? page);
      this.#take(page, () => this.timeline.begin({ ...page, head }));
      this.#epoch = head.epoch;
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
    this.#ask('changes', variables, (page: ChangePage | null, refusal) => {
      if (page) this.#changed(page);
      else if (refusal?.code === 'NotAllowed') this.#settled();
      else if (refusal?.code === 'InvalidInput') this.#once(() => this.reset());
      else this.#failed(refusal, () => this.#catchUp());
    });
  }

  #changed(page: ChangePage): void {
    if (page.reset) return this.#once(() => this.reset());
    this.#take(page, () => this.timeline.catchUp(page));
    const { nextToken } = page;
    if (nextToken && page.items.length > 0) return this.#changes(nextToken);
    if (nextToken) return this.#pauseFor(EMPTY_PAUSE_MS, () => this.#changes(nextToken));
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
    if (!this.timeline.hasGap) this.#attempts = 0;
  }

  /** Something is missing: catch up, once more if that is under way. */
  #lookAgain(): void {
    if (this.#phase === 'catchingUp') this.#again = true;
    else if (this.#phase === 'live' && !this.#next) this.#catchUp();
  }

  #noticed({ notice, epoch }: Message): void {
    if (!notice || (epoch ?? 0) < this.#epoch) return; // of an epoch that is over: it was told before
    const isMine = notice.userId === this.#options.userId;
    if (notice.kind === 'ROOM_DELETED' || (isMine && LEAVING.has(notice.kind ?? ''))) return this.leave();
    if (notice.nextEpoch && notice.nextEpoch > this.#epoch) this.#follow(notice.nextEpoch);
    else this.#lookAgain();
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
    if (this.#attempts > 0) return this.#pauseBefore(then, null);
    this.#attempts += 1;
    then();
  }

  #pauseBefore(then: () => void, refusal: Refusal | null): void {
    const told = refusal?.code === 'RateLimited' ? refusal.retryAfterMs : 0;
    this.refusal = refusal ?? this.refusal;
    const wait = pause(this.#attempts, this.#host.chance());
    this.#attempts += 1;
    this.#pauseFor(Math.max(told, wait), then);
  }

  #pauseFor(afterMs: number, then: () => void): void {
    if (this.#phase !== 'live') this.#phase = 'waiting';
    this.#next = then;
    this.#host.emit({ type: 'timer', key: `room/${this.#options.roomId}`, afterMs });
  }

  /** Whatever was under way is so no more. */
  #rest(phase: Phase): void {
    this.#reading += 1;
    this.#again = false;
    this.#next = null;
    this.#phase = phase;
  }

  #ask<Page>(
    field: 'messages' | 'changes',
    variables: Readonly<Record<string, unknown>>,
    then: (page: Page | null, refusal: Refusal | null) => void,
  ): void {
    const reading = this.#reading;
    this.#host.request(field, variables, (value, refusal) => {
      if (reading !== this.#reading || this.#isOver()) return;
      then(refusal ? null : (value as Page | null), refusal);
    });
  }

  #isOver(): boolean {
    return this.#phase === 'closed' || this.#phase === 'left';
  }
}

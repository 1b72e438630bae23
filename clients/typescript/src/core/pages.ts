// History as the person asks for it: more on either side of the window, and another window at a message or at the end.
import type { Message, MessageConnection, MessagesAround } from '../wire/generated/types.ts';
import type { Host } from './host.ts';
import type { Refusal } from './refusals.ts';
import type { Timeline } from './timeline.ts';

const PAGE = 50;

/** Who hears of pages. */
export interface PagesListener {
  /** These messages came. */
  read(messages: readonly Message[]): void;
  /** The person is not in the room. */
  gone(): void;
}

export class Pages {
  isLoadingOlder = false;
  isLoadingNewer = false;
  isJumping = false;
  /** The message that was jumped to last, and is to be shown. */
  target: string | null = null;
  /** Why the last page did not come. */
  refusal: Refusal | null = null;
  readonly #timeline: Timeline;
  readonly #host: Host;
  readonly #listener: PagesListener;
  /** What was asked for before this number moved is not for this window. */
  #window = 0;

  constructor(timeline: Timeline, host: Host, listener: PagesListener) {
    this.#timeline = timeline;
    this.#host = host;
    this.#listener = listener;
  }

  /** Nothing that is under way is for what is here now. */
  forget(): void {
    this.#window += 1;
    this.isLoadingOlder = this.isLoadingNewer = this.isJumping = false;
    this.target = null;
    for (const page of ['older', 'newer', 'window'] as const) this.#timeline.giveUp(page);
  }

  /** Read the newest messages in the place of everything. */
  begin(then: (isRead: boolean) => void): void {
    const { target } = this;
    this.forget();
    this.target = target;
    this.#page({}, (page) => {
      if (page) this.#timeline.begin(page);
      then(page !== null);
      if (page && this.target !== null) this.jumpTo(this.target);
    });
  }

  loadOlder(): void {
    if (this.isLoadingOlder || this.isJumping) return;
    const before = this.#timeline.ask('older');
    if (before === null) return;
    this.isLoadingOlder = true;
    this.#page({ before }, (page) => {
      this.isLoadingOlder = false;
      if (page) this.#timeline.addOlder(page);
      else this.#timeline.giveUp('older');
    });
  }

  loadNewer(): void {
    if (this.isLoadingNewer || this.isJumping) return;
    const after = this.#timeline.ask('newer');
    if (after === null) return this.jumpToEnd(); // everything that was here has expired, or it is the end
    this.isLoadingNewer = true;
    this.#page({ after, order: 'OLDEST_FIRST' }, (page) => {
      this.isLoadingNewer = false;
      if (page) this.#timeline.addNewer(page);
      else this.#timeline.giveUp('newer');
    });
  }

  /** Show the history around this message, unless it is here; once there is a first page. */
  jumpTo(id: string): void {
    this.#leave();
    this.target = id;
    if (!this.#timeline.head || this.#timeline.get(id)) return;
    this.#jump();
    this.#ask<MessagesAround>('around', { id, limit: PAGE }, (page) => {
      this.isJumping = false;
      if (!page) return this.#timeline.giveUp('window');
      this.#timeline.show(page.items, page.head.seq, Boolean(page.olderToken), Boolean(page.newerToken));
    });
  }

  /** Show the newest messages, unless they are here. */
  jumpToEnd(): void {
    if (this.isJumping && this.target === null) return;
    this.#leave();
    this.target = null;
    if (!this.#timeline.hasNewer) return;
    this.#jump();
    this.#page({}, (page) => {
      this.isJumping = false;
      if (page) this.#timeline.show(page.items, page.head.seq, Boolean(page.nextToken), false);
      else this.#timeline.giveUp('window');
    });
  }

  /** A jump that is under way is none any more. */
  #leave(): void {
    if (this.isJumping) this.forget();
    this.refusal = null;
  }

  #jump(): void {
    this.#window += 1;
    this.isJumping = true;
    this.isLoadingOlder = this.isLoadingNewer = false;
    this.#timeline.askWindow();
  }

  /** The first page that has messages, or the last one, under the head of the first. */
  #page(
    bounds: Readonly<Record<string, unknown>>,
    then: (page: MessageConnection | null) => void,
    nextToken: string | null = null,
    first: MessageConnection | null = null,
  ): void {
    this.#ask<MessageConnection>('messages', { ...bounds, limit: PAGE, nextToken }, (page) => {
      if (page && page.items.length === 0 && page.nextToken) {
        return this.#page(bounds, then, page.nextToken, first ?? page);
      }
      then(page && { ...page, head: (first ?? page).head });
    });
  }

  #ask<Page extends { readonly items: readonly Message[] }>(
    field: 'messages' | 'around',
    variables: Readonly<Record<string, unknown>>,
    then: (page: Page | null) => void,
  ): void {
    const window = this.#window;
    this.#host.request(field, { roomId: this.#timeline.roomId, ...variables }, (value, refusal) => {
      if (window !== this.#window) return;
      this.refusal = refusal;
      const page = refusal ? null : (value as Page | null);
      then(page);
      if (page) this.#listener.read(page.items);
      else if (refusal?.code === 'NotRoomMember') this.#listener.gone();
    });
  }
}

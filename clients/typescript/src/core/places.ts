// The rooms that are open or have something to send.
import type { Message, Room, RoomState, RoomSync } from '../wire/generated/types.ts';
import type { Position } from './connection.ts';
import type { Host } from './host.ts';
import { Place } from './place.ts';
import type { AnyStored, Event } from './protocol.ts';
import { RoomSession } from './room.ts';
import type { RoomSnapshot } from './shown.ts';
import { roomSnapshot } from './snapshot.ts';

const MOST_ROOMS_OF_A_HEARTBEAT = 50;
/** A page and a little: less would not hold what the person looks at beside the page that comes. */
const LEAST_KEPT = 60;

export interface PlacesOptions {
  readonly userId: string;
  /** How many messages of a room stay in memory. */
  readonly keep: number;
  /** Whether the transport follows epochs by itself. */
  readonly followsEpochs: boolean;
  /** How many messages of a room are unread, as far as that is known. */
  readonly unread: (roomId: string) => number | null;
  /** How far the person had read; `undefined` as long as that is about to be known. */
  readonly lastRead: (roomId: string) => number | null | undefined;
  /** How many days the room keeps its messages, as far as that is known. */
  readonly retentionDays: (roomId: string) => number | null | undefined;
  /** Hears how far the person has read. */
  readonly hasRead: (roomId: string, seq: number) => void;
  /** Hears of a room as a notice tells it. */
  readonly changed: (room: Room) => void;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #host: Host;
  readonly #places = new Map<string, Place>();
  #isDurable: boolean | null = null;
  #isVisible = true;

  constructor(options: PlacesOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  /** Whether what waits to be sent outlives the page; `null` until something was stored. */
  get isDurable(): boolean | null {
    return this.#isDurable;
  }

  /** How many messages wait to be sent, in all rooms. */
  get waiting(): number {
    let count = 0;
    for (const place of this.#places.values()) count += place.waiting;
    return count;
  }

  /** The room that the person looks at, if there is one. */
  get watching(): string | null {
    for (const [roomId, { session, mark }] of this.#places) if (session && mark.shown !== null) return roomId;
    return null;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'start':
        this.#host.emit({ type: 'load', roomId: null });
        for (const place of this.#places.values()) place.start();
        return;
      case 'leads':
        if (event.isLeader) this.#host.emit({ type: 'load', roomId: null });
        return;
      case 'subscribed':
        return this.session(event.roomId)?.subscribed(event.number, event.isResumed ?? false);
      case 'notSubscribed':
        return this.session(event.roomId)?.notSubscribed(event.number, event.refusal);
      case 'live':
        return this.#live(event.message);
      case 'missed':
        return this.session(event.roomId)?.reset();
      case 'left':
        return this.session(event.roomId)?.leave();
      case 'told':
        return this.add(event.messages);
      case 'due':
        return this.#due(event.key);
      default:
        this.#takeOutbox(event);
        this.#takeRoom(event);
    }
  }

  /** What the storage and the person say of what is to be sent. */
  #takeOutbox(event: Event): void {
    switch (event.type) {
      case 'added':
        this.#isDurable = event.entry.isDurable && this.#isDurable !== false;
        return this.#place(event.entry.roomId).added(event.entry);
      case 'notAdded':
        return this.#place(event.roomId).changes.notAdded(event.clientMessageId);
      case 'revised':
        return this.#place(event.roomId).revised(event);
      case 'progress':
        for (const { outbox } of this.#places.values()) outbox.progress(event.key, event.part);
        return;
      case 'loaded':
        return this.#loaded(event.roomId, event.entries);
      case 'stored':
        return this.#place(event.roomId).outbox.look();
      case 'compose':
        this.session(event.message.roomId)?.pages.jumpToEnd();
        return this.#place(event.message.roomId).outbox.compose(event.message);
      case 'change':
        return this.#place(event.roomId).changes.change(event.change);
      case 'retry':
        for (const place of this.#places.values()) place.retry(event);
        return;
      case 'mend':
        for (const { outbox } of this.#places.values()) outbox.amends.mend(event.clientMessageId, event.said);
        return;
      case 'discard':
        for (const place of this.#places.values()) place.discard(event.clientMessageId);
        return;
    }
  }

  /** What the person does in a room. */
  #takeRoom(event: Event): void {
    switch (event.type) {
      case 'open':
        return this.#open(event.roomId);
      case 'close':
        return this.#close(event.roomId);
      case 'loadOlder':
        return this.session(event.roomId)?.pages.loadOlder();
      case 'loadNewer':
        return this.session(event.roomId)?.pages.loadNewer();
      case 'jumpTo':
        return this.session(event.roomId)?.pages.jumpTo(event.id);
      case 'jumpToEnd':
        return this.session(event.roomId)?.pages.jumpToEnd();
      case 'clearUnreadLine':
        return this.session(event.roomId)?.line.clear();
      case 'read':
        return this.#place(event.roomId).mark.read(event.seq);
      case 'shown':
        this.#place(event.roomId).mark.shown = event.seq;
        return;
      case 'visible':
        this.#isVisible = event.isVisible;
        return;
    }
  }

  /** What follows from all that was taken in: it is looked at after each event. */
  settle(): void {
    for (const [roomId, { session, mark, changes }] of this.#places) {
      if (!session?.timeline.head || session.status === 'left') continue;
      const lastRead = this.#options.lastRead(roomId);
      const read = lastRead === null || lastRead === undefined ? lastRead : Math.max(lastRead, mark.queued);
      if (read !== undefined) session.line.decide(read, session.timeline.head.seq);
      if (session.line.isDecided && this.#isVisible && mark.shown !== null) mark.read(mark.shown);
      session.lookup.look();
      session.reactions.look(changes.snapshot);
      session.expiry.look(this.#options.retentionDays(roomId));
    }
  }

  up(): void {
    for (const { session } of this.#places.values()) session?.up();
  }

  down(): void {
    for (const { session } of this.#places.values()) session?.down();
  }

  /** What waited for the network or a token need not wait any longer. */
  wake(): void {
    for (const place of this.#places.values()) place.wake();
  }

  /** The server's clock is known better. */
  clockSet(): void {
    for (const { outbox } of this.#places.values()) outbox.clockSet();
  }

  /** What open rooms have, as many as a heartbeat takes; those that were left out come first the next time. */
  positions(): readonly Position[] {
    const open = [...this.#places].filter(([, { session }]) => session?.timeline.head);
    return open.slice(0, MOST_ROOMS_OF_A_HEARTBEAT).map(([roomId, place]) => {
      this.#places.delete(roomId);
      this.#places.set(roomId, place);
      return { roomId, ...(place.session?.timeline.position ?? { seq: 0 }) };
    });
  }

  /** What `heartbeat` says of a room. */
  compare(state: RoomState): void {
    this.session(state.roomId)?.compare(state);
  }

  /** What `sync` says of a room. */
  synced({ roomId, messages, erased }: RoomSync): void {
    if (erased?.length) this.session(roomId)?.erase(erased);
    this.add(messages);
  }

  /** Messages from anywhere but a subscription. */
  add(messages: readonly Message[]): void {
    for (const message of messages) this.session(message.roomId)?.add([message]);
    for (const message of messages) this.#seen(message);
  }

  /** The person is not in the room any more. */
  leave(roomId: string): void {
    this.session(roomId)?.leave();
  }

  session(roomId: string): RoomSession | null {
    return this.#places.get(roomId)?.session ?? null;
  }

  /** A room as it is shown. */
  look(roomId: string): RoomSnapshot {
    const place = this.#places.get(roomId);
    const { userId, unread } = this.#options;
    return roomSnapshot(
      roomId,
      userId,
      place?.session ?? null,
      place?.outbox ?? null,
      place?.changes ?? null,
      unread(roomId),
    );
  }

  #due(key: string): void {
    const [kind, roomId] = split(key);
    this.#places.get(roomId)?.due(kind);
  }

  #open(roomId: string): void {
    const place = this.#place(roomId);
    if (place.session && place.session.status !== 'left') return;
    const { userId, followsEpochs, changed } = this.#options;
    const keep = Math.max(LEAST_KEPT, this.#options.keep);
    const seen = (messages: readonly Message[]) => {
      for (const each of messages) this.#seen(each);
    };
    const erased = (ids: readonly string[]) => place.changes.erase(ids);
    place.session = new RoomSession(
      { roomId, userId, keep, followsEpochs, seen, changed, erased },
      this.#host,
      this.#host.isUp(),
    );
  }

  #close(roomId: string): void {
    const place = this.#places.get(roomId);
    place?.session?.close();
    if (!place) return;
    place.session = null;
    place.mark.shown = null;
  }

  #live(message: Message): void {
    this.session(message.roomId)?.live(message);
    this.#seen(message);
    const { notice } = message;
    if (notice?.kind === 'MEMBER_MUTED' && notice.userId === this.#options.userId && !notice.mutedUntil) {
      this.#places.get(message.roomId)?.outbox.unmuted();
    }
  }

  /** One's own message is stored, whichever way that becomes known first. */
  #seen(message: Message): void {
    if (message.senderId !== this.#options.userId) return;
    this.#places.get(message.roomId)?.outbox.seen(message);
    if (message.clientMessageId) this.#options.hasRead(message.roomId, message.seq ?? 0); // whoever writes has read
  }

  #loaded(roomId: string | null, entries: readonly AnyStored[]): void {
    const rooms = new Map<string, AnyStored[]>(roomId === null ? [] : [[roomId, []]]);
    for (const entry of entries) {
      const found = rooms.get(entry.roomId);
      if (found) found.push(entry);
      else rooms.set(entry.roomId, [entry]);
    }
    for (const [each, found] of rooms) this.#place(each).loaded(found);
  }

  #place(roomId: string): Place {
    let place = this.#places.get(roomId);
    if (!place) {
      place = new Place(roomId, this.#host, {
        tell: (message) => this.session(roomId)?.add([message]),
        reacted: (id, emoji, on) => this.session(roomId)?.reactions.reacted(id, emoji, on),
        hasRead: (seq) => this.#options.hasRead(roomId, seq),
      });
      this.#places.set(roomId, place);
    }
    return place;
  }
}

/** A timer's key: what it is for, and the room. */
export function split(key: string): readonly [string, string] {
  const at = key.indexOf('/');
  return at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
}

// The rooms that are open or have something to send: each with its session, its outbox and its read mark.
import type { Message, RoomState } from '../wire/generated/types.ts';
import { ReadMark } from './marks.ts';
import { RoomOutbox } from './outbox.ts';
import type { Event, Host, RoomSnapshot, StoredEntry } from './protocol.ts';
import { RoomSession } from './room.ts';

const MOST_ROOMS_OF_A_HEARTBEAT = 50;

export interface PlacesOptions {
  readonly userId: string;
  /** How many messages of a room stay in memory. */
  readonly keep: number;
  /** Whether the transport follows epochs by itself. */
  readonly followsEpochs: boolean;
  /** How many messages of a room are unread, as far as that is known. */
  readonly unread: (roomId: string) => number | null;
}

interface Place {
  session: RoomSession | null;
  readonly outbox: RoomOutbox;
  readonly mark: ReadMark;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #host: Host;
  readonly #places = new Map<string, Place>();
  #isDurable: boolean | null = null;

  constructor(options: PlacesOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  /** Whether what waits to be sent outlives the page; `null` until something was stored. */
  get isDurable(): boolean | null {
    return this.#isDurable;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'start':
        this.#host.emit({ type: 'load', roomId: null });
        for (const { outbox } of this.#places.values()) outbox.due();
        return;
      case 'leads':
        if (event.isLeader) this.#host.emit({ type: 'load', roomId: null });
        return;
      case 'subscribed':
        return this.session(event.roomId)?.subscribed(event.number);
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
        return this.#place(event.entry.roomId).outbox.added(event.entry);
      case 'loaded':
        return this.#loaded(event.roomId, event.entries);
      case 'stored':
        return this.#place(event.roomId).outbox.look();
      case 'compose':
        return this.#place(event.message.roomId).outbox.compose(event.message);
      case 'retry':
        for (const { outbox } of this.#places.values()) {
          outbox.retry(event.clientMessageId, event.newId, event.text);
        }
        return;
      case 'discard':
        for (const { outbox } of this.#places.values()) outbox.discard(event.clientMessageId);
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
        return this.session(event.roomId)?.loadOlder();
      case 'shrink':
        return this.session(event.roomId)?.timeline.shrink();
      case 'read':
        return this.#place(event.roomId).mark.read(event.seq);
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
    for (const { outbox } of this.#places.values()) outbox.wake();
  }

  /** The server's clock is known better. */
  clockSet(): void {
    for (const { outbox } of this.#places.values()) outbox.clockSet();
  }

  /** What open rooms have, as many as a heartbeat takes; those that were left out come first the next time. */
  positions(): readonly object[] {
    const open = [...this.#places].filter(([, { session }]) => session?.timeline.head);
    return open.slice(0, MOST_ROOMS_OF_A_HEARTBEAT).map(([roomId, place]) => {
      this.#places.delete(roomId);
      this.#places.set(roomId, place);
      return { roomId, ...place.session?.timeline.position };
    });
  }

  /** What `heartbeat` says of a room. */
  compare(state: RoomState): void {
    this.session(state.roomId)?.compare(state);
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
    const session = place?.session;
    return {
      roomId,
      status: session?.status ?? (place ? 'offline' : 'loading'),
      refusal: session?.refusal ?? null,
      messages: session?.timeline.messages ?? NONE,
      pending: place?.outbox.snapshot.pending ?? NONE,
      drafts: place?.outbox.snapshot.drafts ?? NONE,
      hasOlder: session?.timeline.hasOlder ?? false,
      isLoadingOlder: session?.isLoadingOlder ?? false,
      unread: this.#options.unread(roomId),
    };
  }

  #due(key: string): void {
    const [kind, roomId] = split(key);
    if (kind === 'room') this.session(roomId)?.due();
    else if (kind === 'outbox') this.#places.get(roomId)?.outbox.due();
    else if (kind === 'mark') this.#places.get(roomId)?.mark.due();
  }

  #open(roomId: string): void {
    const place = this.#place(roomId);
    if (place.session && place.session.status !== 'left') return;
    const { userId, keep, followsEpochs } = this.#options;
    const seen = (messages: readonly Message[]) => {
      for (const each of messages) this.#seen(each);
    };
    place.session = new RoomSession(
      { roomId, userId, keep, followsEpochs, seen },
      this.#host,
      this.#host.isUp(),
    );
  }

  #close(roomId: string): void {
    const place = this.#places.get(roomId);
    place?.session?.close();
    if (place) place.session = null;
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
  }

  #loaded(roomId: string | null, entries: readonly StoredEntry[]): void {
    const rooms = new Map<string, StoredEntry[]>(roomId === null ? [] : [[roomId, []]]);
    for (const entry of entries) {
      const found = rooms.get(entry.roomId);
      if (found) found.push(entry);
      else rooms.set(entry.roomId, [entry]);
    }
    for (const [each, found] of rooms) this.#place(each).outbox.loaded(found);
  }

  #place(roomId: string): Place {
    let place = this.#places.get(roomId);
    if (!place) {
      const outbox = new RoomOutbox(roomId, this.#host, (message) => this.session(roomId)?.add([message]));
      place = { session: null, outbox, mark: new ReadMark(roomId, this.#host) };
      this.#places.set(roomId, place);
    }
    return place;
  }
}

const NONE: readonly never[] = [];

/** A timer's key: what it is for, and the room. */
export function split(key: string): readonly [string, string] {
  const at = key.indexOf('/');
  return at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
}

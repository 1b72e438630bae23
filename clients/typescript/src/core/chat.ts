// The whole client without I/O: events in, effects out, one store to look at. Nothing here waits, and nothing is thrown
// for what comes from outside.
import type { Heartbeat, Message, RoomSync } from '../wire/generated/types.ts';
import { Connection } from './connection.ts';
import { ReadMark } from './marks.ts';
import { RoomOutbox } from './outbox.ts';
import type { Effect, Event, Host, RequestField, RoomSnapshot, Snapshot, StoredEntry } from './protocol.ts';
import { type Refusal, unreachable } from './refusals.ts';
import { RoomSession } from './room.ts';
import { RoomList } from './rooms.ts';

const MOST_ROOMS_OF_A_HEARTBEAT = 50;

/** What the core is told by whoever drives it. */
export interface ChatOptions {
  /** Who the person is, as the server calls them. */
  readonly userId: string;
  /** Which of their devices this is. */
  readonly deviceId?: string;
  /** How many messages of a room stay in memory. */
  readonly keep?: number;
  /** Whether the transport follows epochs by itself, as the gateway does. */
  readonly followsEpochs?: boolean;
  /** Whether the person's other rooms are kept up by `sync`. */
  readonly syncs?: boolean;
  /** From 0 to below 1. */
  readonly chance: () => number;
}

type Then = (value: unknown, refusal: Refusal | null) => void;

/** An open room, and what hangs on it. */
interface Place {
  session: RoomSession | null;
  readonly outbox: RoomOutbox;
  readonly mark: ReadMark;
  snapshot: RoomSnapshot | null;
}

/** Every state machine of the client, without I/O, clock or chance: `feed` it events, and carry out the effects that it returns. */
export class ChatCore {
  readonly #options: ChatOptions;
  readonly #host: Host;
  readonly #connection: Connection;
  readonly #list: RoomList;
  readonly #places = new Map<string, Place>();
  readonly #blank = new Map<string, RoomSnapshot>();
  readonly #listeners = new Set<() => void>();
  readonly #asked = new Map<number, Then>();
  #effects: Effect[] = [];
  #number = 0;
  #now = 0;
  /** The server's clock less ours, in milliseconds, as the last heartbeat told it. */
  #ahead = 0;
  #isDurable: boolean | null = null;
  #snapshot: Snapshot | null = null;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#host = {
      emit: (effect) => this.#effects.push(effect),
      request: (field, variables, then) => this.#request(field, variables, then),
      now: () => this.#now,
      serverNow: () => this.#now + this.#ahead,
      chance: options.chance,
      unauthorized: () => this.#connection.unauthorized(),
    };
    this.#connection = new Connection(this.#host, options.deviceId, {
      up: () => this.#up(),
      down: () => this.#down(),
      wake: () => this.#wake(),
      positions: () => this.#positions(),
      heard: (heartbeat) => this.#heard(heartbeat),
    });
    this.#list = new RoomList(this.#host, {
      synced: (sync) => this.#synced(sync),
      gone: (roomId) => this.#session(roomId)?.leave(),
    });
  }

  /** Take one event in, at `now` (milliseconds since the epoch, by the clock here). Returns what is to be done. */
  feed(event: Event, now: number): readonly Effect[] {
    this.#now = now;
    this.#take(event);
    const effects = this.#effects;
    this.#effects = [];
    const before = this.#snapshot;
    this.#snapshot = null;
    const isNew = before !== this.#settle(before) || this.#settleRooms();
    if (isNew) for (const listener of [...this.#listeners]) listener();
    return effects;
  }

  /** The same object until something in it changes. */
  getSnapshot = (): Snapshot => this.#snapshot ?? this.#settle(null);

  /** A room as it is shown: the same object until something in it changes. */
  getRoom = (roomId: string): RoomSnapshot => this.#room(roomId);

  /** Be told after each change; returns how to end that. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #take(event: Event): void {
    switch (event.type) {
      case 'start':
        this.#host.emit({ type: 'load', roomId: null });
        for (const { outbox } of this.#places.values()) outbox.due();
        return this.#connection.connect();
      case 'stop':
        return this.#stop();
      case 'up':
        return this.#connection.up();
      case 'down':
        return this.#connection.down(event.refusal);
      case 'network':
        return this.#connection.network(event.isOnline);
      case 'signedIn':
        return this.#connection.signedIn();
      case 'subscribed':
        return this.#session(event.roomId)?.subscribed(event.number);
      case 'notSubscribed':
        return this.#session(event.roomId)?.notSubscribed(event.number, event.refusal);
      case 'live':
        return this.#live(event.message);
      case 'missed':
        return this.#session(event.roomId)?.reset();
      case 'left':
        this.#list.forget(event.roomId);
        return this.#session(event.roomId)?.leave();
      case 'poked':
        return this.#list.look();
      case 'answered':
        return this.#done(event.number, event.value, null);
      case 'refused':
        return this.#done(event.number, null, event.refusal);
      case 'due':
        return this.#due(event.key);
      case 'told':
        for (const message of event.messages) this.#session(message.roomId)?.add([message]);
        for (const message of event.messages) this.#seen(message);
        return;
      default:
        return this.#asks(event);
    }
  }

  /** What the person and the storage say. */
  #asks(event: Event): void {
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
      case 'open':
        return this.#open(event.roomId);
      case 'close':
        return this.#close(event.roomId);
      case 'loadOlder':
        return this.#session(event.roomId)?.loadOlder();
      case 'shrink':
        return this.#session(event.roomId)?.timeline.shrink();
      case 'read':
        return this.#place(event.roomId).mark.read(event.seq);
    }
  }

  // the connection

  #up(): void {
    for (const { session } of this.#places.values()) session?.up();
    if (this.#options.syncs !== false) this.#list.look();
  }

  #down(): void {
    for (const { session } of this.#places.values()) session?.down();
  }

  #wake(): void {
    for (const { outbox } of this.#places.values()) outbox.wake();
  }

  /** What open rooms have, as many as a heartbeat takes; those that were left out come first the next time. */
  #positions(): readonly object[] {
    const open = [...this.#places].filter(([, { session }]) => session?.timeline.head);
    return open.slice(0, MOST_ROOMS_OF_A_HEARTBEAT).map(([roomId, place]) => {
      this.#places.delete(roomId);
      this.#places.set(roomId, place);
      return { roomId, ...place.session?.timeline.position };
    });
  }

  #heard({ at, rooms }: Heartbeat): void {
    this.#setClock(Date.parse(at));
    for (const state of rooms) {
      this.#session(state.roomId)?.compare(state);
      if (!state.left) this.#list.unread(state.roomId, state.unread ?? 0);
    }
  }

  /** What is under way is given up, so that a later start finds nothing that waits for an answer. */
  #stop(): void {
    this.#connection.down(unreachable());
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const then of asked) then(null, unreachable());
  }

  #setClock(serverNow: number): void {
    if (Number.isNaN(serverNow)) return;
    this.#ahead = serverNow - this.#now;
    for (const { outbox } of this.#places.values()) outbox.clockSet();
  }

  // rooms

  #open(roomId: string): void {
    const place = this.#place(roomId);
    if (place.session && place.session.status !== 'left') return;
    const { userId, keep = 500, followsEpochs = false } = this.#options;
    const seen = (messages: readonly Message[]) => {
      for (const each of messages) this.#seen(each);
    };
    const options = { roomId, userId, keep, followsEpochs, seen };
    place.session = new RoomSession(options, this.#host, this.#connection.isUp);
  }

  #close(roomId: string): void {
    const place = this.#places.get(roomId);
    place?.session?.close();
    if (place) place.session = null;
  }

  #live(message: Message): void {
    this.#session(message.roomId)?.live(message);
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

  #synced(sync: RoomSync): void {
    for (const message of sync.messages) this.#session(sync.roomId)?.add([message]);
    for (const message of sync.messages) this.#seen(message);
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

  #session(roomId: string): RoomSession | null {
    return this.#places.get(roomId)?.session ?? null;
  }

  #place(roomId: string): Place {
    let place = this.#places.get(roomId);
    if (!place) {
      const outbox = new RoomOutbox(roomId, this.#host, (message) => this.#session(roomId)?.add([message]));
      place = { session: null, outbox, mark: new ReadMark(roomId, this.#host), snapshot: null };
      this.#places.set(roomId, place);
    }
    return place;
  }

  // requests and timers

  #request(field: RequestField, variables: Readonly<Record<string, unknown>>, then: Then): void {
    this.#number += 1;
    this.#asked.set(this.#number, then);
    this.#host.emit({ type: 'request', number: this.#number, field, variables });
  }

  #done(number: number, value: unknown, refusal: Refusal | null): void {
    const then = this.#asked.get(number);
    this.#asked.delete(number);
    then?.(value, refusal);
  }

  #due(key: string): void {
    const [kind = '', roomId = ''] = split(key);
    if (kind === 'connect') this.#connection.connect();
    else if (kind === 'heartbeat') this.#connection.beat();
    else if (kind === 'sync' && this.#connection.isUp) this.#list.look();
    else if (kind === 'room') this.#session(roomId)?.due();
    else if (kind === 'outbox') this.#places.get(roomId)?.outbox.due();
    else if (kind === 'mark') this.#places.get(roomId)?.mark.due();
  }

  // what is shown

  #settle(before: Snapshot | null): Snapshot {
    const next = {
      connection: this.#connection.status,
      rooms: this.#list.snapshot,
      isDurable: this.#isDurable,
    };
    this.#snapshot = before && isSame(before, next) ? before : next;
    return this.#snapshot;
  }

  #settleRooms(): boolean {
    let isNew = false;
    for (const [roomId, place] of this.#places) {
      const before = place.snapshot;
      if (before && before !== this.#room(roomId)) isNew = true;
    }
    return isNew;
  }

  #room(roomId: string): RoomSnapshot {
    const place = this.#places.get(roomId);
    if (!place) return this.#unopened(roomId);
    const { session, outbox } = place;
    const next: RoomSnapshot = {
      roomId,
      status: session?.status ?? 'offline',
      refusal: session?.refusal ?? null,
      messages: session?.timeline.messages ?? NONE,
      ...outbox.snapshot,
      hasOlder: session?.timeline.hasOlder ?? false,
      isLoadingOlder: session?.isLoadingOlder ?? false,
      unread: this.#list.get(roomId)?.unread ?? null,
    };
    if (!place.snapshot || !isSame(place.snapshot, next)) place.snapshot = next;
    return place.snapshot;
  }

  /** A room of which nothing is known: one object for each, as a store has to answer. */
  #unopened(roomId: string): RoomSnapshot {
    let room = this.#blank.get(roomId);
    if (!room) {
      const nothing = { messages: NONE, pending: NONE, drafts: NONE, refusal: null, unread: null };
      room = { roomId, status: 'loading', ...nothing, hasOlder: false, isLoadingOlder: false };
      this.#blank.set(roomId, room);
    }
    return room;
  }
}

const NONE: readonly never[] = [];
function split(key: string): readonly [string, string] {
  const at = key.indexOf('/');
  return at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
}

function isSame<Value extends object>(a: Value, b: Value): boolean {
  const first = Object.entries(a);
  return first.every(([name, value]) => value === (b as Readonly<Record<string, unknown>>)[name]);
}

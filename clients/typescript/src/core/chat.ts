// The whole client without I/O: events in, effects out, one store to look at. Nothing here waits, and nothing is thrown
// for what comes from outside. Each part takes the events and timers that are its own.
import type { DeliveryConfirmation, Heartbeat, Person, Room } from '../wire/generated/types.ts';
import { Connection } from './connection.ts';
import type { Host } from './host.ts';
import { Mine } from './mine.ts';
import { People } from './people.ts';
import { Places } from './places.ts';
import type { Effect, Event } from './protocol.ts';
import { Receipts } from './receipts.ts';
import { Requests } from './requests.ts';
import { RoomList } from './rooms.ts';
import type { ListState, RoomSnapshot, Snapshot } from './shown.ts';
import { Typing } from './typing.ts';
import { Views } from './views.ts';

/** For how long what the server said of its time counts. */
const BELIEVED_MS = 300_000;

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
  /** Whether the transport is told what the client has, as the gateway is. */
  readonly confirms?: boolean;
  /** Whether the person's other rooms are kept up by `sync`. */
  readonly syncs?: boolean;
  /** From 0 to below 1. */
  readonly chance: () => number;
}

/** A part of the core. */
interface Part {
  take(event: Event): void;
}

/** Every state machine of the client, without I/O, clock or chance: `feed` it events, and carry out the effects that it returns. */
export class ChatCore {
  readonly #options: ChatOptions;
  readonly #connection: Connection;
  readonly #list: RoomList;
  readonly #places: Places;
  readonly #people: People;
  readonly #typing: Typing;
  readonly #receipts: Receipts;
  /** In the order in which they hear of an event. */
  readonly #parts: readonly Part[];
  readonly #views = new Views();
  readonly #listeners = new Set<() => void>();
  /** Those that were told of nothing yet: what they have looked at nobody knows. */
  readonly #newcomers = new Set<() => void>();
  #effects: Effect[] = [];
  #now = 0;
  #leads = true;
  readonly #mine: Mine;
  #isOutdated = false;
  /** The server's clock less ours, in milliseconds, as the last heartbeat told it. */
  #ahead = 0;
  /** When that was, by our clock, which may be set meanwhile. */
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(options: ChatOptions) {
    this.#options = options;
    const emit = (effect: Effect) => {
      this.#effects.push(effect);
    };
    const requests = new Requests(emit);
    const host: Host = {
      emit,
      request: (field, variables, then) => requests.ask(field, variables, then),
      post: (file, upload, then) => requests.post(file, upload, then),
      now: () => this.#now,
      serverNow: () => this.#now + this.#ahead,
      serverTime: () => this.#serverTime(),
      chance: options.chance,
      isUp: () => this.#connection.isUp,
      isOnline: () => this.#connection.isOnline,
      leads: () => this.#leads,
      unauthorized: () => this.#connection.unauthorized(),
    };
    this.#connection = new Connection(host, options, {
      up: () => this.#up(),
      down: () => this.#places.down(),
      wake: () => this.#places.wake(),
      positions: () => this.#places.positions(),
      watching: () => this.#places.watching,
      heard: (heartbeat) => this.#heard(heartbeat),
    });
    this.#list = new RoomList(host, {
      synced: (room) => this.#places.synced(room),
      gone: (roomId) => this.#places.leave(roomId),
    });
    const { userId, keep = 500, followsEpochs = false } = options;
    this.#places = new Places({ userId, keep, followsEpochs, ...this.#known() }, host);
    this.#people = new People(host);
    this.#typing = new Typing(host, userId);
    this.#receipts = new Receipts(host);
    this.#mine = new Mine(host, userId, { look: () => this.#list.look(), fill: () => this.#list.fill() });
    const others = [
      this.#people,
      this.#typing,
      this.#receipts,
      ...(options.syncs === false ? [] : [this.#mine]),
    ];
    this.#parts = [this.#list, this.#places, this.#connection, requests, ...others];
  }

  /** Take one event in, at `now` (milliseconds since the epoch, by the clock here). Returns what is to be done. */
  feed(event: Event, now: number): readonly Effect[] {
    this.#now = now;
    if (event.type === 'leads') this.#leads = event.isLeader;
    else if (event.type === 'outdated') this.#isOutdated = true;
    for (const part of this.#parts) part.take(event);
    this.#places.settle();
    const effects = this.#effects;
    this.#effects = [];
    const told = [...(this.#views.settle() ? this.#listeners : this.#newcomers)];
    this.#newcomers.clear();
    for (const listener of told) listener();
    return effects;
  }

  /** The same object until something in it changes. */
  getSnapshot = (): Snapshot => this.#views.get('all', () => this.#look());

  /** A room as it is shown: the same object until something in it changes. */
  getRoom = (roomId: string): RoomSnapshot =>
    this.#views.get(`room/${roomId}`, () => this.#places.look(roomId));

  /** Who is writing in a room: the same array until that changes. */
  getTyping = (roomId: string): readonly string[] =>
    this.#views.get(`typing/${roomId}`, () => this.#typing.look(roomId));

  /** The people of a room who are known, of those that were wanted: the same map until that changes. */
  getPeople = (roomId: string): ReadonlyMap<string, Person> =>
    this.#views.get(`people/${roomId}`, () => this.#people.look(roomId));

  /** How many have the message that `confirm` named; `null` where that is not known. */
  getConfirmation = (roomId: string): DeliveryConfirmation | null =>
    this.#views.get(`receipts/${roomId}`, () => ({ shown: this.#receipts.look(roomId) })).shown;

  /** The list of rooms for another tab to go on with; `null` until there is one. */
  get list(): ListState | null {
    return this.#list.state;
  }

  /** What the open rooms have, as a heartbeat says it. */
  get positions(): readonly object[] {
    return this.#places.positions();
  }

  /** The server's clock less ours, in milliseconds, as far as it is known. */
  get ahead(): number {
    return this.#ahead;
  }

  /** What says that the person is not there any more on this device; `null` where nobody has been told that they are. */
  get farewell(): object | null {
    const { deviceId } = this.#options;
    return this.#connection.isUp ? { status: 'OFFLINE', deviceId, watching: null, rooms: [] } : null;
  }

  /** Be told after the next event, and then after each change; returns how to end that. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#newcomers.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#newcomers.delete(listener);
    };
  };

  /** What the list of rooms knows of open ones, and hears of them. */
  #known() {
    const list = this.#list;
    return {
      unread: (roomId: string) => list.get(roomId)?.unread ?? null,
      lastRead: (roomId: string) => (this.#options.syncs === false ? null : list.lastRead(roomId)),
      retentionDays: (roomId: string) => list.get(roomId)?.room?.retentionDays,
      hasRead: (roomId: string, seq: number) => list.read(roomId, seq),
      changed: (room: Room) => list.changed(room),
    };
  }

  #up(): void {
    this.#places.up();
    if (this.#options.syncs !== false) this.#list.look();
  }

  #heard({ at, rooms }: Heartbeat): void {
    this.#setClock(Date.parse(at));
    for (const state of rooms) {
      this.#places.compare(state);
      if (!state.left) this.#list.unread(state.roomId, state.unread ?? 0, state.unreadMentions ?? 0);
    }
  }

  #setClock(serverNow: number): void {
    if (Number.isNaN(serverNow)) return;
    this.#ahead = serverNow - this.#now;
    this.#heardAt = this.#now;
    this.#places.clockSet();
  }

  #serverTime(): number | null {
    return Math.abs(this.#now - this.#heardAt) < BELIEVED_MS ? this.#now + this.#ahead : null;
  }

  #look(): Snapshot {
    const { status: connection } = this.#connection;
    const { isDurable, waiting } = this.#places;
    const isOutdated = this.#isOutdated;
    const { dataRequested } = this.#mine;
    return { connection, rooms: this.#list.snapshot, isDurable, isOutdated, waiting, dataRequested };
  }
}

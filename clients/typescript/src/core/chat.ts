// The whole client without I/O: events in, effects out, one store to look at. Nothing here waits, and nothing is thrown
// for what comes from outside. Each part takes the events and timers that are its own.
import type { Heartbeat } from '../wire/generated/types.ts';
import { Connection } from './connection.ts';
import { Places } from './places.ts';
import type { Effect, Event, Host, ListState, RoomSnapshot, Snapshot } from './protocol.ts';
import { Requests } from './requests.ts';
import { RoomList } from './rooms.ts';
import { Views } from './views.ts';

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

/** A part of the core. */
interface Part {
  take(event: Event): void;
}

export class ChatCore {
  readonly #options: ChatOptions;
  readonly #connection: Connection;
  readonly #list: RoomList;
  readonly #places: Places;
  /** In the order in which they hear of an event. */
  readonly #parts: readonly Part[];
  readonly #views = new Views();
  readonly #listeners = new Set<() => void>();
  #effects: Effect[] = [];
  #now = 0;
  #leads = true;
  /** The server's clock less ours, in milliseconds, as the last heartbeat told it. */
  #ahead = 0;

  constructor(options: ChatOptions) {
    this.#options = options;
    const emit = (effect: Effect) => {
      this.#effects.push(effect);
    };
    const requests = new Requests(emit);
    const host: Host = {
      emit,
      request: (field, variables, then) => requests.ask(field, variables, then),
      now: () => this.#now,
      serverNow: () => this.#now + this.#ahead,
      chance: options.chance,
      isUp: () => this.#connection.isUp,
      leads: () => this.#leads,
      unauthorized: () => this.#connection.unauthorized(),
    };
    this.#connection = new Connection(host, options.deviceId, {
      up: () => this.#up(),
      down: () => this.#places.down(),
      wake: () => this.#places.wake(),
      positions: () => this.#places.positions(),
      heard: (heartbeat) => this.#heard(heartbeat),
    });
    this.#list = new RoomList(host, {
      synced: ({ messages }) => this.#places.add(messages),
      gone: (roomId) => this.#places.leave(roomId),
    });
    const { userId, keep = 500, followsEpochs = false } = options;
    const unread = (roomId: string) => this.#list.get(roomId)?.unread ?? null;
    this.#places = new Places({ userId, keep, followsEpochs, unread }, host);
    this.#parts = [this.#list, this.#places, this.#connection, requests];
  }

  /** Take one event in, at `now` (milliseconds since the epoch, by the clock here). Returns what is to be done. */
  feed(event: Event, now: number): readonly Effect[] {
    this.#now = now;
    if (event.type === 'leads') this.#leads = event.isLeader;
    for (const part of this.#parts) part.take(event);
    const effects = this.#effects;
    this.#effects = [];
    if (this.#views.settle()) for (const listener of [...this.#listeners]) listener();
    return effects;
  }

  /** The same object until something in it changes. */
  getSnapshot = (): Snapshot => this.#views.get('all', () => this.#look());

  /** A room as it is shown: the same object until something in it changes. */
  getRoom = (roomId: string): RoomSnapshot =>
    this.#views.get(`room/${roomId}`, () => this.#places.look(roomId));

  /** The list of rooms for another tab to go on with; `null` until there is one. */
  get list(): ListState | null {
    return this.#list.state;
  }

  /** What the open rooms have, as a heartbeat says it. */
  get positions(): readonly object[] {
    return this.#places.positions();
  }

  /** Be told after each change; returns how to end that. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #up(): void {
    this.#places.up();
    if (this.#options.syncs !== false) this.#list.look();
  }

  #heard({ at, rooms }: Heartbeat): void {
    this.#setClock(Date.parse(at));
    for (const state of rooms) {
      this.#places.compare(state);
      if (!state.left) this.#list.unread(state.roomId, state.unread ?? 0);
    }
  }

  #setClock(serverNow: number): void {
    if (Number.isNaN(serverNow)) return;
    this.#ahead = serverNow - this.#now;
    this.#places.clockSet();
  }

  #look(): Snapshot {
    const { status: connection } = this.#connection;
    return { connection, rooms: this.#list.snapshot, isDurable: this.#places.isDurable };
  }
}

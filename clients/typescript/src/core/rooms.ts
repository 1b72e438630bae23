// The person's rooms as a list, kept by `sync`: one token for all of them, however many there are.
import type { MyRoomPage, RoomSync, SyncPage } from '../wire/generated/types.ts';
import { newer } from './order.ts';
import { type Event, type Host, type ListState, pause, type RoomSummary } from './protocol.ts';

const EVERY_MS = 60_000;

/** Who hears of what `sync` says of an open room. */
export interface SyncListener {
  synced(room: RoomSync): void;
  /** The person is not in these rooms any more. */
  gone(roomId: string): void;
}

export class RoomList {
  #token: string | null = null;
  #rooms = new Map<string, RoomSummary>();
  #snapshot: readonly RoomSummary[] | null = null;
  #isAsking = false;
  #again = false;
  #attempts = 0;
  /** The rooms that a round that began afresh has named. */
  #named: Set<string> | null = null;
  readonly #host: Host;
  readonly #listener: SyncListener;

  constructor(host: Host, listener: SyncListener) {
    this.#host = host;
    this.#listener = listener;
  }

  take(event: Event): void {
    if (event.type === 'poked') this.look();
    else if (event.type === 'due' && event.key === 'sync' && this.#host.isUp()) this.look();
    else if (event.type === 'left') this.forget(event.roomId);
    else if (event.type === 'leads' && event.isLeader && this.#host.isUp()) this.look();
    else if (event.type === 'list') this.#adopt(event.list);
    else if (event.type === 'shared' && event.field === 'sync') {
      if (event.variables.since === this.#token) this.#take(event.value as SyncPage);
    } else if (event.type === 'shared' && event.field === 'myRooms') {
      this.#filled(event.value as MyRoomPage | null);
    }
  }

  get state(): ListState | null {
    return this.#token === null ? null : { token: this.#token, rooms: [...this.#rooms.values()] };
  }

  /** Newest first: the same array until something changes. */
  get snapshot(): readonly RoomSummary[] {
    const at = ({ head, lastMessage }: RoomSummary) => head?.ts ?? lastMessage?.ts ?? '';
    this.#snapshot ??= [...this.#rooms.values()].sort((a, b) =>
      at(a) === at(b) ? (a.roomId < b.roomId ? -1 : 1) : at(a) > at(b) ? -1 : 1,
    );
    return this.#snapshot;
  }

  get(roomId: string): RoomSummary | undefined {
    return this.#rooms.get(roomId);
  }

  /** How many are unread there, as another answer says. */
  unread(roomId: string, unread: number): void {
    const held = this.#rooms.get(roomId);
    if (held && held.unread !== unread) this.#set({ ...held, unread });
  }

  forget(roomId: string): void {
    if (this.#rooms.delete(roomId)) this.#snapshot = null;
  }

  /** Ask what has changed. */
  look(): void {
    if (!this.#host.leads()) return;
    if (this.#isAsking) this.#again = true;
    else this.#ask();
  }

  #ask(): void {
    this.#isAsking = true;
    this.#again = false;
    this.#host.request('sync', { since: this.#token, limit: 100 }, (value, refusal) => {
      this.#isAsking = false;
      const page = refusal ? null : (value as SyncPage | null);
      if (page) return this.#take(page);
      if (refusal?.code === 'InvalidInput') this.#token = this.#named = null;
      this.#later(pause(this.#attempts, this.#host.chance()));
      this.#attempts += 1;
    });
  }

  #take(page: SyncPage): void {
    this.#attempts = 0;
    this.#token = page.token;
    if (page.reset) this.#named = new Set();
    for (const room of page.rooms) this.#synced(room);
    if (this.#host.leads() && (page.more || this.#again)) return this.#ask();
    if (page.more) return;
    const named = this.#named;
    this.#named = null;
    if (named) {
      for (const roomId of this.#rooms.keys()) if (!named.has(roomId)) this.#left(roomId);
      if (this.#host.leads()) this.#fill(null);
    }
    this.#later(EVERY_MS);
  }

  #synced(sync: RoomSync): void {
    const { roomId, head } = sync;
    if (sync.left || !head) return this.#left(roomId);
    this.#named?.add(roomId);
    const held = this.#rooms.get(roomId);
    let lastMessage = sync.reset ? null : (held?.lastMessage ?? null);
    for (const message of sync.messages) {
      if (lastMessage?.id === message.id) lastMessage = newer(lastMessage, message);
      else if ((message.seq ?? 0) > (lastMessage?.seq ?? 0)) lastMessage = message;
    }
    const room = sync.room ?? held?.room ?? null;
    this.#set({ roomId, room, head, unread: sync.unread ?? 0, lastMessage, isInvitation: false });
    this.#listener.synced(sync);
  }

  /** `sync` does not tell the last message of a room that is new to it, nor invitations. */
  #fill(nextToken: string | null): void {
    this.#host.request('myRooms', { limit: 50, nextToken }, (value, refusal) => {
      const page = refusal ? null : (value as MyRoomPage | null);
      this.#filled(page);
      if (page?.nextToken) this.#fill(page.nextToken);
    });
  }

  #filled(page: MyRoomPage | null): void {
    for (const { room, unread, lastMessage, invitation } of page?.items ?? []) {
      const held = this.#rooms.get(room.roomId);
      const last = held?.lastMessage ?? lastMessage ?? null;
      const head = held?.head ?? room.head ?? null;
      const isInvitation = Boolean(invitation);
      if (held || isInvitation) {
        const said = { room, head, unread: held?.unread ?? unread, lastMessage: last, isInvitation };
        this.#set({ roomId: room.roomId, ...said });
      }
    }
  }

  /** Go on from where the tab that leads is. Whether an open room was left its heartbeats say. */
  #adopt({ token, rooms }: ListState): void {
    this.#token = token;
    this.#named = null;
    this.#rooms = new Map(rooms.map((room) => [room.roomId, room]));
    this.#snapshot = null;
  }

  #left(roomId: string): void {
    this.forget(roomId);
    this.#listener.gone(roomId);
  }

  #set(summary: RoomSummary): void {
    this.#rooms.set(summary.roomId, summary);
    this.#snapshot = null;
  }

  #later(afterMs: number): void {
    this.#host.emit({ type: 'timer', key: 'sync', afterMs });
  }
}

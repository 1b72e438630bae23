// The person's rooms as a list, kept by `sync`: one token for all of them, however many there are.
import type { Message, MyRoomPage, Room, RoomSync, SyncPage } from '../wire/generated/types.ts';
import { without } from './erased.ts';
import { type Host, pause } from './host.ts';
import { newer } from './order.ts';
import type { Event } from './protocol.ts';
import type { ListState, RoomSummary } from './shown.ts';

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
  #isFilled = false;
  /** The invitations that the round that is under way has named. */
  #invited: Set<string> | null = null;
  readonly #host: Host;
  readonly #listener: SyncListener;

  constructor(host: Host, listener: SyncListener) {
    this.#host = host;
    this.#listener = listener;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'poked':
        this.look();
        return this.fill(); // `sync` knows no invitations
      case 'due':
        if (event.key === 'sync' && this.#host.isUp()) this.look();
        return;
      case 'live':
        return this.#noticed(event.message);
      case 'left':
        return this.forget(event.roomId);
      case 'leads':
        if (event.isLeader && this.#host.isUp()) this.look();
        return;
      case 'list':
        return this.#adopt(event.list);
      case 'shared':
        if (event.field === 'myRooms') this.#filled(event.value as MyRoomPage | null);
        else if (event.field === 'sync' && event.variables.since === this.#token) {
          this.#take(event.value as SyncPage);
        }
    }
  }

  /** What a notice says of the person themself: as what they are in the room, and whether they may write. */
  #noticed({ roomId, notice }: Message): void {
    const held = this.#rooms.get(roomId);
    if (held?.lastMessage && notice?.erased)
      this.#set({ ...held, lastMessage: without(held.lastMessage, notice.erased) });
    if (held?.room?.directWith && notice?.erased) this.look(); // notices do not tell with whom the room is
    const me = held?.room?.me;
    if (!held?.room || !me || notice?.userId !== me.userId) return;
    const { kind, role, mutedUntil } = notice;
    const said = kind === 'MEMBER_MUTED' ? { mutedUntil } : kind === 'ROLE_CHANGED' && role ? { role } : null;
    if (said) this.#set({ ...held, room: { ...held.room, me: { ...me, ...said } } });
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

  /** How far the person had read there; `null` where that cannot be told, `undefined` where it can be in a moment. */
  lastRead(roomId: string): number | null | undefined {
    const held = this.#rooms.get(roomId);
    const all = held?.unread === 0 ? (held.head?.seq ?? 0) : 0; // maybe on another device
    if (held && held.lastReadSeq !== null) return Math.max(held.lastReadSeq, all);
    if (!this.#isFilled) return undefined;
    return held?.head ? held.head.seq - held.unread : null;
  }

  /** How many are unread there, as another answer says. */
  unread(roomId: string, unread: number, unreadMentions: number): void {
    const held = this.#rooms.get(roomId);
    if (!held || (held.unread === unread && held.unreadMentions === unreadMentions)) return;
    this.#set({ ...held, unread, unreadMentions });
  }

  /** The person has read up to this number. */
  read(roomId: string, seq: number): void {
    const held = this.#rooms.get(roomId);
    if (held && held.lastReadSeq !== null && held.lastReadSeq < seq) this.#set({ ...held, lastReadSeq: seq });
  }

  /** The room is like this now. */
  changed(room: Room): void {
    const held = this.#rooms.get(room.roomId);
    if (!held?.room) return;
    const said = Object.entries(room).filter(([, value]) => value !== null && value !== undefined);
    this.#set({ ...held, room: { ...held.room, ...Object.fromEntries(said) } });
  }

  forget(roomId: string): void {
    if (this.#rooms.delete(roomId)) this.#snapshot = null;
  }

  /** Ask for all rooms, invitations included. What is an invitation no more is none here, either. */
  fill(): void {
    this.#invited = new Set();
    this.#fill(null);
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
    if (lastMessage && sync.erased) lastMessage = without(lastMessage, sync.erased);
    const room = sync.room ?? held?.room ?? null;
    const lastReadSeq = held?.lastReadSeq ?? null;
    this.#set({
      roomId,
      room,
      head,
      unread: sync.unread ?? 0,
      unreadMentions: sync.unreadMentions ?? 0,
      lastReadSeq,
      lastMessage,
      isInvitation: false,
    });
    this.#listener.synced(sync);
  }

  /** `sync` does not tell the last message of a room that is new to it, nor invitations. */
  #fill(nextToken: string | null): void {
    this.#host.request('myRooms', { limit: 50, nextToken }, (value, refusal) => {
      const page = refusal ? null : (value as MyRoomPage | null);
      this.#filled(page);
      if (page?.nextToken) return this.#fill(page.nextToken);
      this.#isFilled = true;
      if (page) this.#endInvitations();
    });
  }

  #filled(page: MyRoomPage | null): void {
    for (const each of page?.items ?? []) {
      const { room, unread, unreadMentions, lastReadSeq: read, lastMessage, invitation } = each;
      const held = this.#rooms.get(room.roomId);
      const isInvitation = Boolean(invitation);
      if (isInvitation) this.#invited?.add(room.roomId);
      if (!held && !isInvitation) continue;
      this.#set({
        roomId: room.roomId,
        room,
        head: held?.head ?? room.head ?? null,
        unread: held?.unread ?? unread,
        unreadMentions: held?.unreadMentions ?? unreadMentions,
        lastReadSeq: Math.max(read, held?.lastReadSeq ?? 0),
        lastMessage: held?.lastMessage ?? lastMessage ?? null,
        isInvitation,
      });
    }
  }

  #endInvitations(): void {
    for (const { roomId, isInvitation } of this.#rooms.values()) {
      if (isInvitation && this.#invited && !this.#invited.has(roomId)) this.forget(roomId);
    }
    this.#invited = null;
  }

  /** Go on from where the tab that leads is. Whether an open room was left its heartbeats say. */
  #adopt({ token, rooms }: ListState): void {
    this.#token = token;
    this.#named = null;
    this.#rooms = new Map(rooms.map((room) => [room.roomId, room]));
    this.#snapshot = null;
    this.#isFilled = true;
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

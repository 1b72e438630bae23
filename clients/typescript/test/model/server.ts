// A small model of the server: what docs/clients.md and the schema say of sending, history, `changes`, `sync`,
// `heartbeat`, epochs and subscriptions, in one process and without time of its own.
import { ERASED_SENDER } from '../../src/core/erased.ts';
import { parseRefusal, type Refusal } from '../../src/core/refusals.ts';
import type {
  ChangePage,
  Heartbeat,
  Message,
  MessageConnection,
  Receipt,
  RoomHead,
  RoomSync,
  SeqRange,
  SyncPage,
} from '../../src/wire/generated/types.ts';

import { ModelUploads } from './uploads.ts';

export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: string, values: Readonly<Record<string, string | number>> = {}) {
    const machine = Object.entries({ code, ...values }).map(([name, value]) => `${name}=${value}`);
    super(`A sentence. [${machine.join(' ')}]`);
    this.refusal = parseRefusal(code, this.message);
  }
}

export interface ModelRoom {
  readonly id: string;
  readonly members: Set<string>;
  readonly messages: Message[];
  readonly mutedUntil: Map<string, number>;
  readonly readSeq: Map<string, number>;
  /** Whose senders were erased, and with which revision the room has said so. */
  readonly erasures: { readonly rev: number; readonly ranges: readonly SeqRange[] }[];
  rev: number;
  epoch: number;
  isEnded: boolean;
}

interface Held {
  rev: number;
  ts: string | null;
}

/** Who hears of a room's events: called with each event of the subscription's epoch. */
export interface Subscription {
  readonly roomId: string;
  readonly epoch: number;
  readonly hear: (message: Message) => void;
}

type Variables = Readonly<Record<string, unknown>>;
/** When everybody else has read a message. */
const READ_MS = 180_000;
const iso = (ms: number) => new Date(ms).toISOString();

export class ModelServer {
  readonly uploads = new ModelUploads();
  now = Date.UTC(2026, 0, 1);
  readonly rooms = new Map<string, ModelRoom>();
  readonly subscriptions = new Set<Subscription>();
  readonly calls = new Map<string, number>();
  /** How far behind somebody is who reads anew. */
  mostBehind = 1_000;
  /** Whether a page of `changes` shows nothing yet. */
  lags = () => false;
  #ids = 0;

  room(id: string, ...members: string[]): ModelRoom {
    const people = new Set(members);
    const maps = { mutedUntil: new Map<string, number>(), readSeq: new Map<string, number>() };
    const room = {
      id,
      members: people,
      messages: [],
      erasures: [],
      rev: 1,
      epoch: 1,
      isEnded: false,
      ...maps,
    };
    this.rooms.set(id, room);
    return room;
  }

  /** What a field answers this person; throws `Refused`. */
  call(userId: string, field: string, variables: Variables): unknown {
    this.calls.set(field, (this.calls.get(field) ?? 0) + 1);
    if (field === 'sync') return this.#sync(userId, variables);
    if (field === 'heartbeat') return this.#heartbeat(userId, variables);
    if (field === 'myRooms') return this.#myRooms(userId);
    if (field === 'me') return { userId, epoch: 1 };
    const room = this.#enter(userId, String(variables.roomId));
    switch (field) {
      case 'createUpload':
        this.#judge(userId, room);
        return this.uploads.create(userId, variables, this.now);
      case 'sendMessage':
        return this.send(userId, room, variables);
      case 'messages':
        return this.#messages(room, variables);
      case 'changes':
        return this.#changes(room, variables);
      case 'markRead':
        return this.#markRead(userId, room, Number(variables.seq));
      case 'editMessage':
      case 'removeMessage':
        return this.#write(userId, room, variables);
      case 'addMember':
      case 'removeMember':
        return this.#people(room, field, String(variables.userId));
      case 'typing':
        return { roomId: room.id, epoch: room.epoch, userId, expiresAt: iso(this.now + 6_000) };
      case 'people':
        return (variables.ids as string[]).map((id) => ({ userId: id, name: `The ${id}` }));
      case 'receipts': {
        const { seq } = variables;
        const of = room.members.size - 1;
        const sentAt = Date.parse(room.messages[Number(seq) - 1]?.ts ?? '');
        const read = this.now - sentAt > READ_MS ? of : 0;
        return { items: [], nextToken: null, confirmation: { seq, delivered: of, read, of } };
      }
      default:
        throw new Refused('InternalError', { correlationId: field });
    }
  }

  subscribe(userId: string, subscription: Subscription): () => void {
    const room = this.#enter(userId, subscription.roomId);
    if (subscription.epoch !== room.epoch) throw new Refused('StaleEpoch', { epoch: room.epoch });
    this.subscriptions.add(subscription);
    return () => this.subscriptions.delete(subscription);
  }

  #judge(userId: string, room: ModelRoom): void {
    const until = room.mutedUntil.get(userId) ?? 0;
    if (until > this.now) throw new Refused('Muted', { until: iso(until) });
  }

  send(userId: string, room: ModelRoom, { text, clientMessageId, attachments }: Variables): Message {
    this.#judge(userId, room);
    if (typeof text !== 'string' || !text) throw new Refused('InvalidInput', { argument: 'text' });
    const own = room.messages.find(
      (each) => each.senderId === userId && each.clientMessageId === clientMessageId,
    );
    if (own) {
      if (this.#sent.get(own.id) !== JSON.stringify([text, attachments ?? []]))
        throw new Refused('IdempotencyMismatch');
      return own;
    }
    const ids = (attachments ?? []) as readonly string[];
    const files = this.uploads.take(ids, userId, room.id, String(clientMessageId));
    this.now += 1;
    this.#ids += 1;
    room.rev += 1;
    const message: Message = {
      id: `m${this.#ids}`,
      roomId: room.id,
      senderId: userId,
      text,
      ts: iso(this.now),
      seq: room.messages.length + 1,
      epoch: room.epoch,
      clientMessageId: String(clientMessageId ?? `server-${this.#ids}`),
      rev: null,
      editedAt: null,
      removedAt: null,
      version: 1,
      ...(files.length > 0 ? { attachments: files } : {}),
    };
    this.#sent.set(message.id, JSON.stringify([text, ids]));
    room.messages.push(message);
    this.#publish(room, message);
    return message;
  }

  /** What was sent first, by message: what a retry must repeat. */
  readonly #sent = new Map<string, string>();

  /** Write another text over a message, or take it away. */
  change(room: ModelRoom, index: number, text: string | null): void {
    const message = room.messages[index];
    if (!message || message.removedAt) return;
    this.now += 1;
    room.rev += 1;
    const at = iso(this.now);
    const said = text === null ? { text: null, removedAt: at } : { text, editedAt: at };
    const version = (message.version ?? 1) + (text === null ? 0 : 1);
    const changed: Message = { ...message, ...said, version, rev: room.rev, epoch: room.epoch };
    room.messages[index] = changed;
    this.#publish(room, changed);
  }

  /** All that somebody has written there is erased: messages keep their `rev`, and the room says in one revision which they are. */
  erase(room: ModelRoom, userId: string): void {
    const own = room.messages.filter(({ senderId }) => senderId === userId);
    if (own.length === 0) return;
    const ranges: { from: number; to: number }[] = [];
    for (const { id, roomId, ts, seq, epoch, rev, version, editedAt, removedAt } of own) {
      const at = Number(seq);
      const last = ranges.at(-1);
      if (last?.to === at - 1) last.to = at;
      else ranges.push({ from: at, to: at });
      const kept = { id, roomId, ts, seq, epoch, rev, version, editedAt };
      const said = {
        senderId: ERASED_SENDER,
        erased: true,
        text: null,
        removedAt: removedAt ?? iso(this.now),
      };
      room.messages[at - 1] = { ...kept, ...said } as Message;
    }
    this.notice(room, 'ERASED', null, false, undefined, ranges);
    room.erasures.push({ rev: room.rev, ranges });
  }

  /** Something happens to the room. With `ends` its epoch is over. Returns the notice. */
  notice(
    room: ModelRoom,
    kind: string,
    userId: string | null,
    ends: boolean,
    role?: string,
    erased?: readonly SeqRange[],
  ): Message {
    this.now += 1;
    room.rev += 1;
    const { epoch } = room;
    if (ends) room.epoch += 1;
    const notice = { kind, userId, nextEpoch: ends ? room.epoch : null, rev: room.rev, role: role ?? null };
    const told = erased ? { ...notice, erased } : notice;
    const base = { id: `n${room.rev}`, roomId: room.id, senderId: 'owner', ts: iso(this.now), text: null };
    const message: Message = { ...base, seq: null, clientMessageId: null, epoch, notice: told };
    this.#publish(room, message, epoch);
    return message;
  }

  /** Edit, or remove, by whoever sent it. */
  #write(userId: string, room: ModelRoom, { id, text }: Variables): Message | undefined {
    const index = room.messages.findIndex((each) => each.id === id);
    const message = room.messages[index];
    if (!message) throw new Refused('InvalidInput', { argument: 'id' });
    if (message.senderId !== userId) throw new Refused('NotAllowed', { reason: 'notYours' });
    if (message.removedAt && text !== undefined) throw new Refused('NotAllowed', { reason: 'removed' });
    this.change(room, index, typeof text === 'string' ? text : null);
    return room.messages[index];
  }

  #people(room: ModelRoom, field: string, userId: string): Message {
    if (field === 'addMember') {
      room.members.add(userId);
      return this.notice(room, 'MEMBER_ADDED', userId, false, 'MEMBER');
    }
    room.members.delete(userId);
    return this.notice(room, 'MEMBER_REMOVED', userId, true);
  }

  /** How many came after what the person has marked or written last, and are not removed. */
  #unread(userId: string, room: ModelRoom): number {
    const own = room.messages.reduce((last, each) => (each.senderId === userId ? (each.seq ?? 0) : last), 0);
    const read = Math.max(room.readSeq.get(userId) ?? 0, own);
    return room.messages.filter(({ seq, removedAt }) => (seq ?? 0) > read && !removedAt).length;
  }

  #publish(room: ModelRoom, message: Message, epoch = room.epoch): void {
    for (const each of [...this.subscriptions]) {
      if (each.roomId === room.id && each.epoch === epoch) each.hear(message);
    }
  }

  #enter(userId: string, roomId: string): ModelRoom {
    const room = this.rooms.get(roomId);
    if (!room || room.isEnded || !room.members.has(userId)) throw new Refused('NotRoomMember');
    return room;
  }

  #head(room: ModelRoom): RoomHead {
    const last = room.messages.at(-1);
    return { seq: room.messages.length, ts: last?.ts ?? null, epoch: room.epoch, rev: room.rev };
  }

  #messages(room: ModelRoom, { before, limit, nextToken }: Variables): MessageConnection {
    const below = Number(nextToken ?? room.messages.length + 1);
    const all = room.messages.filter(
      ({ ts, seq }) => (typeof before !== 'string' || ts < before) && (seq ?? 0) < below,
    );
    const items = all.slice(-Number(limit ?? 50)).reverse();
    const oldest = items.at(-1);
    const isMore = oldest !== undefined && all.length > items.length;
    return { items, nextToken: isMore ? String(oldest.seq) : null, head: this.#head(room) };
  }

  #changes(room: ModelRoom, { since, after, limit, nextToken }: Variables): ChangePage {
    const held: Held = nextToken
      ? JSON.parse(String(nextToken))
      : { rev: Number(since), ts: (after as string | null) ?? null };
    const caught = this.#catchUp(room, held, Number(limit ?? 50), !nextToken);
    const token = caught.isComplete ? null : JSON.stringify(caught.held);
    const page = { items: caught.items, nextToken: token, head: this.#head(room), reset: caught.reset };
    return { ...page, erased: caught.reset ? [] : this.#erased(room, held) };
  }

  /** What was erased since. */
  #erased(room: ModelRoom, held: Held): readonly SeqRange[] {
    return room.erasures.filter(({ rev }) => rev > held.rev).flatMap(({ ranges }) => ranges);
  }

  #catchUp(room: ModelRoom, held: Held, limit: number, far: boolean) {
    const last = room.messages.at(-1)?.ts ?? null;
    const all = { rev: room.rev, ts: last };
    const isHeld = ({ ts }: Message) => held.ts !== null && ts <= held.ts;
    const news = room.messages.filter((each) => !isHeld(each));
    if (held.rev > room.rev || (far && news.length > this.mostBehind)) {
      return { items: [], held: all, isComplete: true, reset: true };
    }
    if (this.lags()) return { items: [], held, isComplete: false, reset: false };
    const changed = room.messages.filter((each) => isHeld(each) && (each.rev ?? 0) > held.rev);
    changed.sort((a, b) => (a.rev ?? 0) - (b.rev ?? 0));
    const items = changed.slice(0, limit);
    if (items.length < changed.length) {
      const rev = items.at(-1)?.rev ?? held.rev;
      return { items, held: { rev, ts: held.ts }, isComplete: false, reset: false };
    }
    const taken = news.slice(0, limit - items.length);
    const isComplete = taken.length === news.length;
    const ts = taken.at(-1)?.ts ?? held.ts;
    items.push(...taken);
    return { items, held: isComplete ? all : { rev: room.rev, ts }, isComplete, reset: false };
  }

  #sync(userId: string, { since, limit }: Variables): SyncPage {
    const held: Record<string, Held> = since ? JSON.parse(String(since)) : {};
    const rooms: RoomSync[] = [];
    let space = Number(limit ?? 50);
    let isMore = false;
    for (const room of this.rooms.values()) {
      const had = held[room.id];
      const head = this.#head(room);
      if (!room.members.has(userId) || room.isEnded) {
        delete held[room.id];
        const nothing = { head: null, messages: [], reset: false, more: false };
        if (had) rooms.push({ roomId: room.id, ...nothing, left: true });
        continue;
      }
      if (had && had.rev === head.rev) continue;
      const caught = had
        ? this.#catchUp(room, had, space, true)
        : { items: [], held: { rev: head.rev, ts: head.ts ?? null }, isComplete: true, reset: true };
      held[room.id] = caught.held;
      space -= caught.items.length;
      isMore ||= !caught.isComplete;
      const { items: messages, reset, isComplete } = caught;
      const unread = { unread: this.#unread(userId, room), unreadMentions: 0 };
      const erased = had && !reset ? this.#erased(room, had) : [];
      rooms.push({
        roomId: room.id,
        head,
        messages,
        reset,
        ...unread,
        erased,
        left: false,
        more: !isComplete,
      });
    }
    return { rooms, token: JSON.stringify(held), more: isMore, reset: !since };
  }

  #heartbeat(userId: string, { rooms }: Variables): Heartbeat {
    const states = (rooms as { roomId: string }[]).map(({ roomId }) => {
      const room = this.rooms.get(roomId);
      if (!room?.members.has(userId) || room.isEnded) return { roomId, left: true };
      const { seq, rev, epoch } = this.#head(room);
      return { roomId, seq, rev, epoch, unread: this.#unread(userId, room), unreadMentions: 0, left: false };
    });
    return { at: iso(this.now), everySeconds: 30, rooms: states };
  }

  #myRooms(userId: string) {
    const mine = [...this.rooms.values()].filter(({ members }) => members.has(userId));
    const items = mine.map((room) => {
      const lastMessage = room.messages.at(-1) ?? null;
      return { room: { roomId: room.id, head: this.#head(room) }, unread: 0, lastReadSeq: 0, lastMessage };
    });
    return { items, nextToken: null };
  }

  #markRead(userId: string, room: ModelRoom, seq: number): Receipt {
    const readSeq = Math.max(room.readSeq.get(userId) ?? 0, Math.min(seq, room.messages.length));
    room.readSeq.set(userId, readSeq);
    return { roomId: room.id, epoch: room.epoch, userId, readSeq, deliveredSeq: 0, retryAfterMs: null };
  }
}

// A room as the server has it, as simply as can be said: an array of messages, and what each field answers of it.
import type { Message, MessageReactions, Quote } from '../../src/wire/generated/types.ts';
import { ROOM } from '../support.ts';

type Variables = Readonly<Record<string, unknown>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_BEHIND = 120;
const iso = (ms: number) => new Date(ms).toISOString();

export class NaiveRoom {
  now = Date.UTC(2026, 0, 1);
  rev = 1;
  readonly retentionDays = 7;
  readonly all: Message[] = [];
  lastReadSeq = 0;
  /** Whether the history is visible from joining: changes are told without what they are. */
  isReduced = false;
  hear: (message: Message) => void = () => {};
  readonly calls = new Map<string, number>();

  /** What may be read now, with quotes. */
  get messages(): Message[] {
    const since = iso(this.now - this.retentionDays * DAY_MS);
    const kept = this.all.slice(this.#gone(since));
    return kept.map((message) =>
      message.replyTo ? { ...message, quote: this.#quote(message, since) } : message,
    );
  }

  /** How many are from before this instant: fewer are never. */
  #gone(since: string): number {
    while ((this.all[this.#expired]?.ts ?? since) < since) this.#expired += 1;
    return this.#expired;
  }

  #expired = 0;

  #quote({ replyTo, removedAt }: Message, since: string): Quote | null {
    const target = removedAt ? undefined : this.all[Number(replyTo?.slice(1)) - 1];
    if (!target || target.ts < since) return null;
    const { id, roomId, senderId, text = null, ts, seq = null, rev = null } = target;
    return {
      id,
      roomId,
      senderId,
      text,
      ts,
      seq,
      rev,
      removedAt: target.removedAt ?? null,
      erased: null,
      attachments: null,
    };
  }

  get head() {
    return { seq: this.all.length, ts: this.all.at(-1)?.ts ?? null, epoch: 1, rev: this.rev };
  }

  send(replyTo: Message | undefined): void {
    this.now += 1 + (this.all.length % 7) * HOUR_MS * 0.2;
    this.rev += 1;
    const seq = this.all.length + 1;
    const base = { id: `m${seq}`, roomId: ROOM, senderId: 'other', clientMessageId: `o${seq}`, epoch: 1 };
    const nothing = { rev: null, editedAt: null, removedAt: null, attachments: null, mentions: null };
    const more = {
      replyTo: replyTo?.id ?? null,
      quote: null,
      reactions: null,
      mentionsAll: null,
      version: 1,
    };
    const message: Message = { ...base, ...nothing, ...more, text: `text ${seq}`, ts: iso(this.now), seq };
    this.all.push(message);
    this.hear(message);
  }

  change(message: Message, isRemoval: boolean): void {
    const held = this.all[(message.seq ?? 0) - 1];
    if (!held || held.removedAt) return;
    this.rev += 1;
    const { rev } = this;
    const gone = { text: null, removedAt: iso(this.now), replyTo: null, reactions: null };
    const edited = { text: `text ${rev}`, editedAt: iso(this.now), version: (held.version ?? 0) + 1 };
    const next: Message = { ...held, ...(isRemoval ? gone : edited), rev };
    this.all[(message.seq ?? 0) - 1] = next;
    const { id, roomId, ts, seq, epoch, removedAt } = next;
    const reduced = { id, roomId, ts, seq, epoch, removedAt, rev, senderId: 'moderator', text: null };
    this.hear(this.isReduced ? { ...reduced, version: null, editedAt: null, clientMessageId: null } : next);
  }

  /** The number of a reaction says which summary it is of. */
  react(message: Message): void {
    const held = this.all[(message.seq ?? 0) - 1];
    if (!held || held.removedAt) return;
    this.rev += 1;
    const { rev } = this;
    const reactions = [{ emoji: '👍', count: rev, userIds: ['other'] }];
    this.all[(message.seq ?? 0) - 1] = { ...held, rev, reactions };
    const said: MessageReactions = {
      id: held.id,
      seq: held.seq,
      rev,
      reactions: this.isReduced ? null : reactions,
    };
    const notice = { kind: 'REACTIONS_CHANGED', userId: null, nextEpoch: null, rev, reactions: [said] };
    this.hear({
      id: `n${rev}`,
      roomId: ROOM,
      senderId: 'chat',
      ts: iso(this.now),
      epoch: 1,
      text: null,
      notice,
    });
  }

  call(field: string, variables: Variables): unknown {
    this.calls.set(field, (this.calls.get(field) ?? 0) + 1);
    const { head, messages, now } = this;
    switch (field) {
      case 'messages':
        return { ...this.#page(variables), head };
      case 'around': {
        const target = this.all.find(({ id }) => id === variables.id);
        const half = Number(variables.limit) / 2;
        const before = messages.filter(({ ts }) => ts < (target?.ts ?? ''));
        const after = messages.slice(before.length);
        const items = [...before.slice(-half), ...after.slice(0, half)];
        const olderToken = before.length > half ? 'older' : null;
        return { items, olderToken, newerToken: after.length > half ? 'newer' : null, head };
      }
      case 'messagesById':
        return messages.filter(({ id }) => (variables.ids as string[]).includes(id));
      case 'myReactions':
        return [];
      case 'changes':
        return this.#changes(variables);
      case 'heartbeat': {
        const state = { roomId: ROOM, seq: head.seq, rev: head.rev, epoch: 1, unread: 0, left: false };
        return { at: iso(now), everySeconds: 30, rooms: [state] };
      }
      case 'sync': {
        const room = { roomId: ROOM, retentionDays: this.retentionDays };
        const said = {
          roomId: ROOM,
          head,
          room,
          messages: [],
          unread: 0,
          reset: true,
          left: false,
          more: false,
        };
        return { rooms: variables.since ? [] : [said], token: 't', more: false, reset: !variables.since };
      }
      case 'myRooms': {
        const { lastReadSeq } = this;
        const room = { roomId: ROOM, retentionDays: this.retentionDays };
        return { items: [{ room, unread: 0, lastReadSeq, lastMessage: null }], nextToken: null };
      }
      default:
        return {};
    }
  }

  #page({ before, after, order, limit }: Variables) {
    const all = this.messages.filter(
      ({ ts }) => (typeof before !== 'string' || ts < before) && (typeof after !== 'string' || ts > after),
    );
    const items =
      order === 'OLDEST_FIRST' ? all.slice(0, Number(limit)) : all.slice(-Number(limit)).reverse();
    return { items, nextToken: items.length < all.length ? 'more' : null };
  }

  #changes({ since, after }: Variables) {
    const { head, messages } = this;
    const isHeld = ({ ts }: Message) => typeof after === 'string' && ts <= after;
    const news = messages.filter((each) => !isHeld(each));
    const reset = news.length > MOST_BEHIND;
    const changed = messages.filter((each) => isHeld(each) && (each.rev ?? 0) > Number(since));
    return { items: reset ? [] : [...changed, ...news], nextToken: null, head, reset };
  }
}

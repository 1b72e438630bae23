// A room that is open or has something to send: its session, and what waits to be told to the server.
import type { Message } from '../wire/generated/types.ts';
import { RoomChanges } from './changes.ts';
import type { Host } from './host.ts';
import { ReadMark } from './marks.ts';
import { RoomOutbox } from './outbox.ts';
import {
  type AnyStored,
  type Event,
  isMark,
  isMessage,
  type StoredChange,
  type StoredEntry,
} from './protocol.ts';
import type { RoomSession } from './room.ts';

export interface PlaceListener {
  /** The message that a request was answered with. */
  tell(message: Message): void;
  /** A reaction was taken by the server. */
  reacted(id: string, emoji: string, on: boolean): void;
  /** How far the person has read, as the server knows now. */
  hasRead(seq: number): void;
}

type Told<Type extends Event['type']> = Extract<Event, { type: Type }>;

export class Place {
  session: RoomSession | null = null;
  readonly outbox: RoomOutbox;
  readonly changes: RoomChanges;
  readonly mark: ReadMark;

  constructor(roomId: string, host: Host, { tell, reacted, hasRead }: PlaceListener) {
    this.changes = new RoomChanges(roomId, host, { tell, reacted });
    this.outbox = new RoomOutbox(roomId, host, {
      tell,
      follow: (change, replaces) => this.changes.follow(change, replaces),
    });
    this.mark = new ReadMark(roomId, host, hasRead);
  }

  /** How many messages and changes wait. */
  get waiting(): number {
    return this.outbox.snapshot.pending.length + this.changes.waiting;
  }

  added(entry: AnyStored): void {
    if (isMessage(entry)) this.outbox.added(entry);
    else if (!isMark(entry)) this.changes.added(entry);
  }

  revised({ clientMessageId, by, entry }: Told<'revised'>): void {
    if (by.kind === 'read' && entry === null) this.mark.gone();
    if (by.kind === 'read' || by.kind === 'said' || by.kind === 'done') return;
    if (by.kind === 'change')
      return this.changes.revised(clientMessageId, entry as StoredChange | null | undefined);
    if (!entry || isMessage(entry)) this.outbox.revised(clientMessageId, by, entry);
  }

  /** All that the storage has of the room. */
  loaded(entries: readonly AnyStored[]): void {
    const messages: StoredEntry[] = [];
    const changes: StoredChange[] = [];
    for (const entry of entries) {
      if (isMessage(entry)) messages.push(entry);
      else if (isMark(entry)) this.mark.loaded(entry);
      else changes.push(entry);
    }
    this.outbox.loaded(messages);
    this.changes.loaded(changes);
  }

  /** The client is started again: timers of before are gone. */
  start(): void {
    this.outbox.start();
    this.changes.wake();
    this.mark.due();
  }

  /** The network or the token is there again. */
  wake(): void {
    this.outbox.wake();
    this.changes.wake();
    this.mark.due();
  }

  /** What a timer was for is due. */
  due(kind: string): void {
    if (kind === 'room') this.session?.due();
    else if (kind === 'lookup') this.session?.lookup.due();
    else if (kind === 'reactions') this.session?.reactions.due();
    else if (kind === 'outbox') this.outbox.due();
    else if (kind === 'changes') this.changes.wake();
    else if (kind === 'mark') this.mark.due();
  }

  retry({ clientMessageId, newId, text, files }: Told<'retry'>): void {
    this.outbox.amends.retry(clientMessageId, newId, text, files);
    this.changes.retry(clientMessageId);
  }

  discard(clientMessageId: string): void {
    this.outbox.amends.discard(clientMessageId);
    this.changes.discard(clientMessageId);
  }
}

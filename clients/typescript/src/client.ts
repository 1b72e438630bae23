// What a page holds: one person's chat, whose core a driver runs.
import type { Change, Composed, QueuedFile } from './core/protocol.ts';
import { unreachable } from './core/refusals.ts';
import type { RoomSnapshot, Snapshot } from './core/shown.ts';
import { Driver } from './driver.ts';
import { newId } from './platform.ts';
import { memoryStorage } from './storage/memory.ts';
import type { OutboxStorage } from './storage/storage.ts';
import type { Tabs } from './tabs.ts';
import { CallRefused, type Transport } from './transports/transport.ts';
import type { UploadOptions } from './uploads.ts';
import { createUploadOperation } from './wire/generated/operations.ts';
import type { DeliveryConfirmation, Person } from './wire/generated/types.ts';
import type { Operation } from './wire/operation.ts';

/** Whose client it is, and what it is made of. */
export interface ClientOptions {
  /** Who the person is, as the server calls them: the subject of their token. */
  readonly userId: string;
  readonly transport: Transport;
  /** Where what waits to be sent is kept; without one in memory, as `isDurable` says. */
  readonly storage?: OutboxStorage;
  /** What the person's tabs share: `tabs` of `@appsync-chat/client/tabs`. Without it each does everything by itself. */
  readonly tabs?: Tabs;
  /** Which of the person's devices this is: kept by whoever can keep it. */
  readonly deviceId?: string;
  /** How many messages of a room stay in memory; 500. */
  readonly keep?: number;
  /** Whether the list of rooms is kept up; true. */
  readonly syncs?: boolean;
}

/** What goes with a message. */
export interface Sending extends Omit<Composed, 'roomId' | 'text' | 'clientMessageId' | 'files'> {
  /** At most ten, which are uploaded before it. */
  readonly files?: readonly File[];
}

const ANY_TYPE = 'application/octet-stream';

/** One person's chat: connects, follows the rooms that are open, and sends what is composed until the server has it. */
export class ChatClient {
  readonly #driver: Driver;
  readonly #transport: Transport;
  readonly #tabs: Tabs | undefined;
  /** How many have each room open. */
  readonly #opened = new Map<string, number>();

  constructor({ transport, tabs, storage = memoryStorage(), ...options }: ClientOptions) {
    this.#transport = transport;
    this.#tabs = tabs;
    this.#driver = new Driver({ transport, storage, tabs }, options);
  }

  /** Connect, and go on with what waits from before. It may be stopped and started again. */
  start(): void {
    this.#driver.start();
  }

  /** Neither ask nor hear any more. What waits stays stored. */
  stop(): void {
    this.#driver.stop();
  }

  /** Stop, and forget everything of this person that is kept here, what waits to be sent included. */
  async logOut(): Promise<void> {
    this.#tabs?.signOut();
    await this.#driver.forget();
  }

  /** The person has signed in again, after `connection` was `unauthorized`. */
  signedIn(): void {
    this.#driver.feed({ type: 'signedIn' });
    this.#tabs?.signIn();
  }

  /** Reads the connection and the list of rooms: the same object until something in it changes. */
  get getSnapshot(): () => Snapshot {
    return this.#driver.core.getSnapshot;
  }

  /** Reads a room as it is known now: the same object until something in it changes. */
  get getRoom(): (roomId: string) => RoomSnapshot {
    return this.#driver.core.getRoom;
  }

  /** Who is writing in a room, but for the person themself. */
  get getTyping(): (roomId: string) => readonly string[] {
    return this.#driver.core.getTyping;
  }

  /** The people of a room who are known, of those that `want` has named. */
  get getPeople(): (roomId: string) => ReadonlyMap<string, Person> {
    return this.#driver.core.getPeople;
  }

  /** How many have the message that `confirm` has named. */
  get getConfirmation(): (roomId: string) => DeliveryConfirmation | null {
    return this.#driver.core.getConfirmation;
  }

  /** Calls the listener soon, and then after each change of what it has looked at (`getRoom` and so on); returns how to end that. */
  get subscribe(): (listener: () => void) => () => void {
    return this.#driver.core.subscribe;
  }

  /** Read and follow a room, until whatever each call has returned is called. */
  open(roomId: string): () => void {
    this.#opened.set(roomId, (this.#opened.get(roomId) ?? 0) + 1);
    this.#driver.feed({ type: 'open', roomId });
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#opened.set(roomId, (this.#opened.get(roomId) ?? 1) - 1);
      queueMicrotask(() => this.#close(roomId)); // not where it is opened again at once
    };
  }

  #close(roomId: string): void {
    if (this.#opened.get(roomId) !== 0) return;
    this.#opened.delete(roomId);
    this.#driver.feed({ type: 'close', roomId });
  }

  /** Send a message: it is stored with its files, shown and then sent, however long that takes. Returns its `clientMessageId`. */
  send(roomId: string, text: string, { files, ...more }: Sending = {}): string {
    const clientMessageId = this.#newId();
    const queued = files?.length ? { files: this.#queued(files) } : {};
    this.#driver.feed({ type: 'compose', message: { ...more, ...queued, roomId, text, clientMessageId } });
    return clientMessageId;
  }

  /** Of this instant by the server's clock. */
  #newId(): string {
    return newId(Date.now() + this.#driver.core.ahead);
  }

  #queued(files: readonly File[]): readonly QueuedFile[] {
    return files.map((file) => {
      const key = newId();
      this.#driver.keep(key, file);
      return { key, name: file.name, contentType: file.type || ANY_TYPE, size: file.size };
    });
  }

  /** A draft again, with another text if there is one, and with other files than its own if some are given. */
  retry(clientMessageId: string, text?: string, files?: readonly File[]): void {
    const mended = {
      ...(text === undefined ? {} : { text }),
      ...(files ? { files: this.#queued(files) } : {}),
    };
    this.#driver.feed({ type: 'retry', clientMessageId, newId: this.#newId(), ...mended });
  }

  /** A file of a message that waits or is a draft, by its `key`. */
  file(key: string): Promise<Blob | null> {
    return this.#driver.file(key);
  }

  /** Another text for a message that waits. Where a try may have reached the server it is edited there afterwards. */
  mend(clientMessageId: string, text: string, more: Pick<Change, 'mentions' | 'mentionsAll'> = {}): void {
    this.#driver.feed({ type: 'mend', clientMessageId, said: { ...more, text } });
  }

  /**
   * Throw a draft away, or a message that waits. Where a try of that may have reached the server it is removed there afterwards.
   */
  discard(clientMessageId: string): void {
    this.#driver.feed({ type: 'discard', clientMessageId });
    this.#tabs?.discarded(clientMessageId);
  }

  /** Read the page before the oldest message; `isLoadingOlder` while it is under way. Nothing happens without `hasOlder`. */
  loadOlder(roomId: string): void {
    this.#driver.feed({ type: 'loadOlder', roomId });
  }

  loadNewer(roomId: string): void {
    this.#driver.feed({ type: 'loadNewer', roomId });
  }

  /** Show the history around a message: out of a quote, a mention or a search. The room is open. */
  jumpTo(roomId: string, id: string): void {
    this.#driver.feed({ type: 'jumpTo', roomId, id });
  }

  /** Show the newest messages. */
  jumpToEnd(roomId: string): void {
    this.#driver.feed({ type: 'jumpToEnd', roomId });
  }

  /** The person does not need the unread line any more. */
  clearUnreadLine(roomId: string): void {
    this.#driver.feed({ type: 'clearUnreadLine', roomId });
  }

  /** The last message on the screen; `null` where the room is not. It is marked as read while the page is seen. */
  shown(roomId: string, seq: number | null): void {
    this.#driver.feed({ type: 'shown', roomId, seq });
  }

  /** The person has read up to this number. */
  read(roomId: string, seq: number): void {
    this.#driver.feed({ type: 'read', roomId, seq });
  }

  /** Write another text over one's own message: stored, shown (`changes`) and then sent. The last one counts, also on the server. */
  edit(roomId: string, id: string, text: string, more: Pick<Change, 'mentions' | 'mentionsAll'> = {}): void {
    this.#driver.feed({ type: 'change', roomId, change: { ...more, kind: 'edit', target: id, text } });
  }

  /** Take a message away; it ends what else was to be done to it. */
  remove(roomId: string, id: string): void {
    this.#driver.feed({ type: 'change', roomId, change: { kind: 'remove', target: id } });
  }

  /** React to a message, or take that back. */
  react(roomId: string, id: string, emoji: string, on = true): void {
    this.#driver.feed({ type: 'change', roomId, change: { kind: 'react', target: id, emoji, on } });
  }

  /** The person writes something in a room: call it at each key. */
  typing(roomId: string): void {
    this.#driver.feed({ type: 'type', roomId });
  }

  /** These people of a room are shown: what they are called comes to `getPeople`. */
  want(roomId: string, ids: readonly string[]): void {
    this.#driver.feed({ type: 'want', roomId, ids });
  }

  /** Who has this message of one's own comes to `getConfirmation`; `null`: of none any more. */
  confirm(roomId: string, seq: number | null): void {
    this.#driver.feed({ type: 'confirm', roomId, seq });
  }

  /** Look at the person's rooms now: something happened to them that no room tells. */
  refresh(): void {
    this.#driver.feed({ type: 'poked' });
  }

  /**
   * Bring a file to where attachments lie; its id goes with the next message (`attachments`). It is not queued, as `files` of
   * `send` are: rejects with `CallRefused` where it was refused or did not arrive.
   */
  async upload(roomId: string, file: File, options?: UploadOptions): Promise<string> {
    const contentType = file.type || ANY_TYPE;
    const asked = { roomId, contentType, size: file.size, name: file.name };
    const form = await this.call(createUploadOperation, asked);
    const { postFile } = await import('./uploads.ts');
    const refusal = form ? await postFile(form, file, file.name, options) : unreachable('no form was given');
    if (!form || refusal) throw new CallRefused(refusal ?? unreachable());
    return form.id;
  }

  /** Any field of the API. Rejects with `CallRefused`. */
  call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    return this.#transport.call(operation, variables);
  }
}

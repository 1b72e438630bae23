// The driver: carries out what the core asks for, and tells it what came of it. The only part with timers and a clock.
import { ChatCore } from './core/chat.ts';
import type {
  Change,
  Composed,
  Effect,
  Event,
  RequestField,
  RoomSnapshot,
  Snapshot,
} from './core/protocol.ts';
import { type Refusal, unreachable } from './core/refusals.ts';
import { newId, onPlatform } from './platform.ts';
import { memoryStorage } from './storage/memory.ts';
import type { OutboxStorage } from './storage/storage.ts';
import type { Tabs } from './tabs.ts';
import { CallRefused, type Transport, type TransportListener } from './transports/transport.ts';
import { type UploadOptions, uploadFile } from './uploads.ts';
import * as operations from './wire/generated/operations.ts';
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

const OPERATIONS: Readonly<Record<RequestField, Operation<never, unknown>>> = {
  messages: operations.messagesOperation,
  messagesById: operations.messagesByIdOperation,
  around: operations.aroundOperation,
  changes: operations.changesOperation,
  sync: operations.syncOperation,
  myRooms: operations.myRoomsOperation,
  heartbeat: operations.heartbeatOperation,
  sendMessage: operations.sendMessageOperation,
  markRead: operations.markReadOperation,
  editMessage: operations.editMessageOperation,
  removeMessage: operations.removeMessageOperation,
  react: operations.reactOperation,
  myReactions: operations.myReactionsOperation,
  me: operations.meOperation,
  typing: operations.typingOperation,
  receipts: operations.receiptsOperation,
  people: operations.peopleOperation,
};

/** One person's chat: connects, follows the rooms that are open, and sends what is composed until the server has it. */
export class ChatClient {
  readonly #core: ChatCore;
  readonly #transport: Transport;
  readonly #storage: OutboxStorage;
  readonly #tabs: Tabs | undefined;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #listener: TransportListener;
  /** How many have each room open. */
  readonly #opened = new Map<string, number>();
  #storing: Promise<void> = Promise.resolve();
  #isRunning = false;
  #stopListening = () => {};

  constructor({ transport, tabs, storage = memoryStorage(), ...options }: ClientOptions) {
    this.#transport = transport;
    this.#storage = storage;
    this.#tabs = tabs;
    const { followsEpochs } = transport;
    const confirms = transport.delivered !== undefined;
    this.#core = new ChatCore({ ...options, followsEpochs, confirms, chance: Math.random });
    const heard = (event: Event) => (tabs ? tabs.heard(event) : this.#feed(event));
    this.#listener = {
      up: () => heard({ type: 'up' }),
      down: (refusal) => heard({ type: 'down', refusal }),
      subscribed: (roomId, number, isResumed = false) =>
        heard({ type: 'subscribed', roomId, number, isResumed }),
      notSubscribed: (roomId, number, refusal) => heard({ type: 'notSubscribed', roomId, number, refusal }),
      live: (message) => heard({ type: 'live', message }),
      missed: (roomId) => heard({ type: 'missed', roomId }),
      left: (roomId) => heard({ type: 'left', roomId }),
      typing: (typing) => heard({ type: 'typing', typing }),
      receipt: (receipt) => heard({ type: 'receipt', receipt }),
      mineSubscribed: (number) => heard({ type: 'mineSubscribed', number }),
      mineNotSubscribed: (number, refusal) => heard({ type: 'mineNotSubscribed', number, refusal }),
      mine: (event) => heard({ type: 'mine', event }),
    };
  }

  /** Connect, and go on with what waits from before. It may be stopped and started again. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#stopListening = onPlatform((event) => this.#feed(event));
    this.#tabs?.join({
      feed: (event) => this.#feed(event),
      wire: (effect) => this.#wire(effect),
      list: () => this.#core.list,
      positions: () => this.#core.positions,
      signedOut: () => void this.#forget(),
    });
    this.#feed({ type: 'start' });
  }

  /** Neither ask nor hear any more. What waits stays stored. */
  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#stopListening();
    this.#tabs?.leave();
    this.#transport.disconnect();
    this.#feed({ type: 'stop' });
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Stop, and forget everything of this person that is kept here, what waits to be sent included. */
  async logOut(): Promise<void> {
    this.#tabs?.signOut();
    await this.#forget();
  }

  async #forget(): Promise<void> {
    this.stop();
    await this.#storing;
    await this.#storage.clear();
  }

  /** The person has signed in again, after `connection` was `unauthorized`. */
  signedIn(): void {
    this.#feed({ type: 'signedIn' });
    this.#tabs?.signIn();
  }

  /** Reads the connection and the list of rooms: the same object until something in it changes. */
  get getSnapshot(): () => Snapshot {
    return this.#core.getSnapshot;
  }

  /** Reads a room as it is known now: the same object until something in it changes. */
  get getRoom(): (roomId: string) => RoomSnapshot {
    return this.#core.getRoom;
  }

  /** Who is writing in a room, but for the person themself. */
  get getTyping(): (roomId: string) => readonly string[] {
    return this.#core.getTyping;
  }

  /** The people of a room who are known, of those that `want` has named. */
  get getPeople(): (roomId: string) => ReadonlyMap<string, Person> {
    return this.#core.getPeople;
  }

  /** How many have the message that `confirm` has named. */
  get getConfirmation(): (roomId: string) => DeliveryConfirmation | null {
    return this.#core.getConfirmation;
  }

  /** Calls the listener soon, and then after each change of what it has looked at (`getRoom` and so on); returns how to end that. */
  get subscribe(): (listener: () => void) => () => void {
    return this.#core.subscribe;
  }

  /** Read and follow a room, until whatever each call has returned is called. */
  open(roomId: string): () => void {
    this.#opened.set(roomId, (this.#opened.get(roomId) ?? 0) + 1);
    this.#feed({ type: 'open', roomId });
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
    this.#feed({ type: 'close', roomId });
  }

  /** Send a message: it is stored, shown and then sent, however long that takes. Returns its `clientMessageId`. */
  send(
    roomId: string,
    text: string,
    more: Omit<Composed, 'roomId' | 'text' | 'clientMessageId'> = {},
  ): string {
    const clientMessageId = newId();
    this.#feed({ type: 'compose', message: { ...more, roomId, text, clientMessageId } });
    return clientMessageId;
  }

  /** A draft again, with another text if there is one. */
  retry(clientMessageId: string, text?: string): void {
    const mended = text === undefined ? {} : { text };
    this.#feed({ type: 'retry', clientMessageId, newId: newId(), ...mended });
  }

  /** Throw a draft away. */
  discard(clientMessageId: string): void {
    this.#feed({ type: 'discard', clientMessageId });
    this.#tabs?.discarded(clientMessageId);
  }

  /** Read the page before the oldest message; `isLoadingOlder` while it is under way. Nothing happens without `hasOlder`. */
  loadOlder(roomId: string): void {
    this.#feed({ type: 'loadOlder', roomId });
  }

  loadNewer(roomId: string): void {
    this.#feed({ type: 'loadNewer', roomId });
  }

  /** Show the history around a message: out of a quote, a mention or a search. The room is open. */
  jumpTo(roomId: string, id: string): void {
    this.#feed({ type: 'jumpTo', roomId, id });
  }

  /** Show the newest messages. */
  jumpToEnd(roomId: string): void {
    this.#feed({ type: 'jumpToEnd', roomId });
  }

  /** The person does not need the unread line any more. */
  clearUnreadLine(roomId: string): void {
    this.#feed({ type: 'clearUnreadLine', roomId });
  }

  /** The last message on the screen; `null` where the room is not. It is marked as read while the page is seen. */
  shown(roomId: string, seq: number | null): void {
    this.#feed({ type: 'shown', roomId, seq });
  }

  /** The person has read up to this number. */
  read(roomId: string, seq: number): void {
    this.#feed({ type: 'read', roomId, seq });
  }

  /** Write another text over one's own message: stored, shown (`changes`) and then sent. The last one counts, also on the server. */
  edit(roomId: string, id: string, text: string, more: Pick<Change, 'mentions' | 'mentionsAll'> = {}): void {
    this.#feed({ type: 'change', roomId, change: { ...more, kind: 'edit', target: id, text } });
  }

  /** Take a message away; it ends what else was to be done to it. */
  remove(roomId: string, id: string): void {
    this.#feed({ type: 'change', roomId, change: { kind: 'remove', target: id } });
  }

  /** React to a message, or take that back. */
  react(roomId: string, id: string, emoji: string, on = true): void {
    this.#feed({ type: 'change', roomId, change: { kind: 'react', target: id, emoji, on } });
  }

  /** The person writes something in a room: call it at each key. */
  typing(roomId: string): void {
    this.#feed({ type: 'type', roomId });
  }

  /** These people of a room are shown: what they are called comes to `getPeople`. */
  want(roomId: string, ids: readonly string[]): void {
    this.#feed({ type: 'want', roomId, ids });
  }

  /** Who has this message of one's own comes to `getConfirmation`; `null`: of none any more. */
  confirm(roomId: string, seq: number | null): void {
    this.#feed({ type: 'confirm', roomId, seq });
  }

  /** Look at the person's rooms now: something happened to them that no room tells. */
  refresh(): void {
    this.#feed({ type: 'poked' });
  }

  /**
   * Bring a file to where attachments lie; its id goes with the next message (`attachments`). It is not queued: rejects with
   * `CallRefused` where it was refused or did not arrive.
   */
  upload(roomId: string, file: File, options?: UploadOptions): Promise<string> {
    return uploadFile((operation, variables) => this.call(operation, variables), roomId, file, options);
  }

  /** Any field of the API. Rejects with `CallRefused`. */
  call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    return this.#transport.call(operation, variables);
  }

  #feed(event: Event): void {
    for (const effect of this.#core.feed(event, Date.now())) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (!this.#isRunning) return this.#carryOutStopped(effect);
    switch (effect.type) {
      case 'connect':
      case 'disconnect':
      case 'subscribe':
      case 'unsubscribe':
      case 'subscribeMine':
      case 'here':
      case 'delivered':
        return this.#tabs ? this.#tabs.ask(effect) : this.#wire(effect);
      case 'timer':
        return this.#time(effect.key, effect.afterMs);
      case 'cancel':
        clearTimeout(this.#timers.get(effect.key));
        this.#timers.delete(effect.key);
        return;
      case 'request':
        void this.#request(effect);
        return;
      default:
        return this.#enqueue(effect);
    }
  }

  /** What the transport is asked for. */
  #wire(effect: Effect): void {
    if (effect.type === 'connect') this.#transport.connect(this.#listener);
    else if (effect.type === 'disconnect') this.#transport.disconnect();
    else if (effect.type === 'unsubscribe') this.#transport.unsubscribe(effect.roomId);
    else if (effect.type === 'subscribe')
      this.#transport.subscribe(effect.roomId, effect.epoch, effect.number);
    else if (effect.type === 'subscribeMine')
      this.#transport.subscribeMine?.(effect.userId, effect.epoch, effect.number);
    else if (effect.type === 'here') this.#transport.here?.(effect.status, effect.watching);
    else if (effect.type === 'delivered') this.#transport.delivered?.(effect.roomId, effect.seq);
  }

  /** What is composed meanwhile is stored all the same. */
  #carryOutStopped(effect: Effect): void {
    if (effect.type === 'request') {
      const { number } = effect;
      queueMicrotask(() => this.#feed({ type: 'refused', number, refusal: unreachable() }));
    } else if (isStoring(effect)) this.#enqueue(effect);
  }

  /** The storage's effects, one after the other. */
  #enqueue(effect: Effect): void {
    this.#storing = this.#storing.then(() => this.#store(effect)).catch(() => {});
  }

  #time(key: string, afterMs: number): void {
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.#feed({ type: 'due', key });
    }, afterMs);
    this.#timers.set(key, timer);
  }

  async #request({ number, field, variables }: Extract<Effect, { type: 'request' }>): Promise<void> {
    let event: Event;
    try {
      const said = this.#tabs?.variables(field, variables) ?? variables;
      const value = await this.#transport.call(OPERATIONS[field], said as never);
      this.#tabs?.answered({ field, variables, value });
      event = { type: 'answered', number, value };
    } catch (error) {
      event = { type: 'refused', number, refusal: refusalOf(error) };
    }
    this.#feed(event);
  }

  /** What cannot be read now is not gone: nothing is sent before it. */
  #loadLater(effect: Effect): void {
    const timer = setTimeout(() => this.#carryOut(effect), STORAGE_PAUSE_MS);
    this.#timers.set(`load/${effect.type === 'load' ? effect.roomId : ''}`, timer);
  }

  async #store(effect: Effect): Promise<void> {
    if (effect.type === 'add') {
      const entry = await this.#storage.add(effect.entry, effect.replaces);
      if (entry) this.#feed({ type: 'added', entry });
      this.#tabs?.stored(effect.entry.roomId);
    } else if (effect.type === 'update') {
      await this.#storage.update(effect.entry);
      this.#tabs?.stored(effect.entry.roomId);
    } else if (effect.type === 'remove') {
      await this.#storage.remove(effect.clientMessageId);
      if (effect.roomId) this.#tabs?.stored(effect.roomId); // a message that was sent the server tells all tabs of
    } else if (effect.type === 'load') {
      const entries = await this.#storage.load(effect.roomId).catch(() => null);
      if (!entries) this.#loadLater(effect);
      else this.#feed({ type: 'loaded', roomId: effect.roomId, entries });
    }
  }
}

const isStoring = ({ type }: Effect) =>
  type === 'add' || type === 'update' || type === 'remove' || type === 'load';

const STORAGE_PAUSE_MS = 1_000;

const refusalOf = (error: unknown): Refusal =>
  error instanceof CallRefused ? error.refusal : unreachable(String(error));

// The driver: carries out what the core asks for, and tells it what came of it. The only part with timers and a clock.
import { ChatCore } from './core/chat.ts';
import type { Composed, Effect, Event, RequestField, RoomSnapshot, Snapshot } from './core/protocol.ts';
import { type Refusal, unreachable } from './core/refusals.ts';
import { newId, onPlatform } from './platform.ts';
import { memoryStorage } from './storage/memory.ts';
import type { OutboxStorage } from './storage/storage.ts';
import type { Tabs } from './tabs.ts';
import { CallRefused, type Transport, type TransportListener } from './transports/transport.ts';
import * as operations from './wire/generated/operations.ts';
import type { Message } from './wire/generated/types.ts';
import type { Operation } from './wire/operation.ts';

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
  changes: operations.changesOperation,
  sync: operations.syncOperation,
  myRooms: operations.myRoomsOperation,
  heartbeat: operations.heartbeatOperation,
  sendMessage: operations.sendMessageOperation,
  markRead: operations.markReadOperation,
};

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
    this.#core = new ChatCore({ ...options, followsEpochs, chance: Math.random });
    const heard = (event: Event) => (tabs ? tabs.heard(event) : this.#feed(event));
    this.#listener = {
      up: () => heard({ type: 'up' }),
      down: (refusal) => heard({ type: 'down', refusal }),
      subscribed: (roomId, number) => heard({ type: 'subscribed', roomId, number }),
      notSubscribed: (roomId, number, refusal) => heard({ type: 'notSubscribed', roomId, number, refusal }),
      live: (message) => heard({ type: 'live', message }),
      missed: (roomId) => heard({ type: 'missed', roomId }),
      left: (roomId) => heard({ type: 'left', roomId }),
    };
  }

  /** Connect, and go on with what waits from before. It may be stopped and started again. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#stopListening = onPlatform((isOnline) => this.#feed({ type: 'network', isOnline }));
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

  get getSnapshot(): () => Snapshot {
    return this.#core.getSnapshot;
  }

  get getRoom(): (roomId: string) => RoomSnapshot {
    return this.#core.getRoom;
  }

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

  loadOlder(roomId: string): void {
    this.#feed({ type: 'loadOlder', roomId });
  }

  /** The person looks at the newest messages: older ones need not stay in memory. */
  shrink(roomId: string): void {
    this.#feed({ type: 'shrink', roomId });
  }

  /** The person has read up to this number. */
  read(roomId: string, seq: number): void {
    this.#feed({ type: 'read', roomId, seq });
  }

  /** Write another text over one's own message. Rejects with `CallRefused`: it is not queued. */
  edit(roomId: string, id: string, text: string): Promise<Message | null> {
    return this.#told(this.call(operations.editMessageOperation, { roomId, id, text }));
  }

  /** Take a message away. Rejects with `CallRefused`: it is not queued. */
  remove(roomId: string, id: string): Promise<Message | null> {
    return this.#told(this.call(operations.removeMessageOperation, { roomId, id }));
  }

  /** Any field of the API. Rejects with `CallRefused`. */
  call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    return this.#transport.call(operation, variables);
  }

  async #told(asked: Promise<Message | null>): Promise<Message | null> {
    const message = await asked;
    if (message) this.#feed({ type: 'told', messages: [message] });
    return message;
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
    } else if (effect.type === 'remove') await this.#storage.remove(effect.clientMessageId);
    else if (effect.type === 'load') {
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

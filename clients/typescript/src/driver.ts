// Carries out what the core asks for, and tells it what came of it. The only part with timers and a clock.
import { ChatCore, type ChatOptions } from './core/chat.ts';
import { type AnyEntry, type Effect, type Event, filesOf, revised } from './core/protocol.ts';
import { missingFile, type Refusal, unreachable } from './core/refusals.ts';
import { onPlatform } from './platform.ts';
import { OPERATIONS } from './requested.ts';
import type { OutboxStorage } from './storage/storage.ts';
import type { Tabs } from './tabs.ts';
import { CallRefused, type Transport, type TransportListener } from './transports/transport.ts';

const STORAGE_PAUSE_MS = 1_000;

/** What a driver works with. */
export interface DriverParts {
  readonly transport: Transport;
  readonly storage: OutboxStorage;
  readonly tabs: Tabs | undefined;
}

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;

export class Driver {
  readonly core: ChatCore;
  readonly #transport: Transport;
  readonly #storage: OutboxStorage;
  readonly #tabs: Tabs | undefined;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #listener: TransportListener;
  /** Files that are not stored yet, by their keys, and those that are being posted. */
  readonly #files = new Map<string, Blob>();
  readonly #posts = new Map<string, AbortController>();
  #storing: Promise<void> = Promise.resolve();
  #isRunning = false;
  #isOutdated = false;
  #stopListening = () => {};

  constructor({ transport, storage, tabs }: DriverParts, options: Omit<ChatOptions, 'chance'>) {
    this.#transport = transport;
    this.#storage = storage;
    this.#tabs = tabs;
    const { followsEpochs } = transport;
    const confirms = transport.delivered !== undefined;
    this.core = new ChatCore({ ...options, followsEpochs, confirms, chance: Math.random });
    const heard = (event: Event) => (tabs ? tabs.heard(event) : this.feed(event));
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

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#stopListening = onPlatform(
      (event) => this.feed(event),
      () => this.#sayFarewell(),
    );
    this.#tabs?.join({
      feed: (event) => this.feed(event),
      wire: (effect) => this.#wire(effect),
      list: () => this.core.list,
      positions: () => this.core.positions,
      signedOut: () => void this.forget(),
    });
    this.feed({ type: 'start' });
  }

  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#sayFarewell();
    this.#stopListening();
    this.#tabs?.leave();
    this.#transport.disconnect();
    this.feed({ type: 'stop' });
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const post of this.#posts.values()) post.abort();
  }

  /** Others need not wait until nothing has been heard of the person for a while. */
  #sayFarewell(): void {
    const said = (this.#tabs?.isLast() ?? true) && this.core.farewell;
    if (said) this.#transport.call(OPERATIONS.heartbeat, said as never).catch(() => {});
  }

  /** Stop, and forget everything that is stored. */
  async forget(): Promise<void> {
    this.stop();
    await this.#storing;
    await this.#storage.clear();
  }

  feed(event: Event): void {
    for (const effect of this.core.feed(event, Date.now())) this.#carryOut(effect);
  }

  /** A file that is about to be named by an entry. */
  keep(key: string, file: Blob): void {
    this.#files.set(key, file);
  }

  /** A file of an entry. */
  async file(key: string): Promise<Blob | null> {
    return this.#files.get(key) ?? this.#storage.file(key);
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
        return this.#answer(effect.number, this.#request(effect));
      case 'post':
        return this.#answer(effect.number, this.#post(effect));
      case 'endPost':
        return this.#posts.get(effect.key)?.abort();
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
    if (effect.type === 'request' || effect.type === 'post') {
      const { number } = effect;
      queueMicrotask(() => this.feed({ type: 'refused', number, refusal: unreachable() }));
    } else if (isStoring(effect)) this.#enqueue(effect);
  }

  /** The storage's effects, one after the other. */
  #enqueue(effect: Effect): void {
    this.#storing = this.#storing.then(() => this.#store(effect)).catch(() => {});
    if (!this.#isOutdated) void this.#storing.then(() => this.#lookForNewer());
  }

  #lookForNewer(): void {
    if (this.#isOutdated || !this.#storage.isOutdated) return;
    this.#isOutdated = true;
    this.feed({ type: 'outdated' });
  }

  #time(key: string, afterMs: number): void {
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.feed({ type: 'due', key });
    }, afterMs);
    this.#timers.set(key, timer);
  }

  #answer(number: number, asked: Promise<unknown>): void {
    void asked.then(
      (value) => this.feed({ type: 'answered', number, value }),
      (error) => this.feed({ type: 'refused', number, refusal: refusalOf(error) }),
    );
  }

  async #request({ field, variables }: Of<'request'>): Promise<unknown> {
    const said = this.#tabs?.variables(field, variables) ?? variables;
    const value = await this.#transport.call(OPERATIONS[field], said as never);
    this.#tabs?.answered({ field, variables, value });
    return value;
  }

  async #post({ file, upload }: Of<'post'>): Promise<void> {
    const { key, name } = file;
    const ending = new AbortController();
    this.#posts.set(key, ending);
    try {
      const blob = await this.#storage.file(key);
      if (!blob || !(await isReadable(blob))) throw new CallRefused(missingFile());
      const { postFile } = await import('./uploads.ts'); // not before there is a file
      const onProgress = (part: number) => this.feed({ type: 'progress', key, part });
      const refusal = await postFile(upload, blob, name, { onProgress, signal: ending.signal });
      if (refusal) throw new CallRefused(refusal);
    } finally {
      if (this.#posts.get(key) === ending) this.#posts.delete(key);
    }
  }

  /** What cannot be read now is not gone: nothing is sent before it. */
  #loadLater(effect: Effect): void {
    const timer = setTimeout(() => this.#carryOut(effect), STORAGE_PAUSE_MS);
    this.#timers.set(`load/${effect.type === 'load' ? effect.roomId : ''}`, timer);
  }

  async #store(effect: Effect): Promise<void> {
    switch (effect.type) {
      case 'add':
        return this.#add(effect.entry, effect.replaces);
      case 'revise':
        return this.#revise(effect);
      case 'remove':
        await this.#storage.revise(effect.clientMessageId, () => null);
        if (effect.roomId) this.#tabs?.stored(effect.roomId);
        return;
      case 'load': {
        const entries = await this.#storage.load(effect.roomId).catch(() => null);
        if (!entries) this.#loadLater(effect);
        else this.feed({ type: 'loaded', roomId: effect.roomId, entries });
      }
    }
  }

  async #add(entry: AnyEntry, replaces: string | undefined): Promise<void> {
    const { clientMessageId, roomId } = entry;
    const files = new Map<string, Blob>();
    for (const key of filesOf(entry)) {
      const file = this.#files.get(key);
      if (file) files.set(key, file);
    }
    const stored = await this.#storage.add(entry, replaces, files);
    for (const key of files.keys()) this.#files.delete(key);
    this.feed(stored ? { type: 'added', entry: stored } : { type: 'notAdded', roomId, clientMessageId });
    this.#tabs?.stored(roomId);
  }

  async #revise({ roomId, clientMessageId, by }: Of<'revise'>): Promise<void> {
    const told = { type: 'revised', roomId, clientMessageId, by } as const;
    try {
      const entry = await this.#storage.revise(clientMessageId, (held) => revised(held, by));
      this.feed({ ...told, entry });
    } catch {
      this.feed(told);
    }
    // What was sent the server tells all tabs of.
    if (by.kind !== 'settle' && by.kind !== 'try') this.#tabs?.stored(roomId);
  }
}

const isStoring = ({ type }: Effect) =>
  type === 'add' || type === 'revise' || type === 'remove' || type === 'load';

/** A file of the disk may be gone, or another by now. */
const isReadable = (file: Blob) =>
  new Response(file.slice(0, 1)).text().then(
    () => true,
    () => false,
  );

const refusalOf = (error: unknown): Refusal =>
  error instanceof CallRefused ? error.refusal : unreachable(String(error));

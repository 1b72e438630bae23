// One connection and one drain for all tabs of a person, by Web Locks and BroadcastChannel: the driver of `tabs/core.ts`.
import type { Effect, Event, RequestField } from './core/protocol.ts';
import type { ListState } from './core/shown.ts';
import { newId } from './platform.ts';
import { TabsCore } from './tabs/core.ts';
import { type Shared, VERSION } from './tabs/messages.ts';
import type { TabsInput, TabsOutput } from './tabs/protocol.ts';

/** As much of the platform's locks as is used: `navigator.locks` of browsers. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    callback: () => Promise<void>,
  ): Promise<unknown>;
}

/** As much of a BroadcastChannel as is used. */
export interface Channel {
  postMessage(data: unknown): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export interface TabsOptions {
  /** Whose: tabs of another person have another lock and channel. */
  readonly userId: string;
  /** Which deployment's, where one page speaks to several. */
  readonly deployment?: string;
  /** The person has signed out in another tab: everything of theirs is forgotten here as well. */
  readonly onSignedOut?: () => void;
  /** In place of the browser's; `null`: none. */
  readonly locks?: Locks | null;
  readonly channel?: ((name: string) => Channel) | null;
}

/** What a client lends to its tabs. */
export interface TabsClient {
  feed(event: Event): void;
  wire(effect: Effect): void;
  list(): ListState | null;
  positions(): readonly object[];
  signedOut(): void;
}

/** For one client; see `tabs`. */
export interface Tabs {
  join(client: TabsClient): void;
  leave(): void;
  ask(effect: Effect): void;
  heard(event: Event): void;
  answered(shared: Shared): void;
  stored(roomId: string): void;
  discarded(clientMessageId: string): void;
  variables(
    field: RequestField,
    variables: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>>;
  signIn(): void;
  signOut(): void;
  /** Whether the person has no other tab, as far as is known. */
  isLast(): boolean;
}

/** Give it to one client, which shares with the person's other tabs from `start` to `stop`. */
export function tabs(options: TabsOptions): Tabs {
  return new TabsDriver(options);
}

class TabsDriver implements Tabs {
  readonly #options: TabsOptions;
  readonly #name: string;
  readonly #id = newId();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #locks: Locks | null;
  #client: TabsClient | null = null;
  #core: TabsCore | null = null;
  #channel: Channel | null = null;
  /** Ends the request for the lock, whether it is granted or waits. */
  #letGo = () => {};
  #stopListening = () => {};

  constructor(options: TabsOptions) {
    this.#options = options;
    this.#name = `appsync-chat/${options.deployment ?? 'default'}/${options.userId}`;
    this.#locks = options.locks === undefined ? (platformLocks() ?? null) : options.locks;
  }

  join(client: TabsClient): void {
    this.leave();
    this.#client = client;
    this.#channel = this.#opened();
    const isAlone = !this.#locks || !this.#channel;
    const { list, positions } = client;
    this.#core = new TabsCore({ id: this.#id, isAlone, list, positions, chance: Math.random });
    this.#take({ type: 'join' });
    if (!isAlone) this.#request(false);
    this.#stopListening = onShown((isShown) => this.#take({ type: 'shown', isShown }));
  }

  leave(): void {
    this.#take({ type: 'leave' });
    this.#core = this.#client = null;
    this.#stopListening();
    this.#letGo();
    this.#channel?.close();
    this.#channel = null;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  ask(effect: Effect): void {
    this.#take({ type: 'effect', effect });
  }

  heard(event: Event): void {
    this.#take({ type: 'transport', event });
  }

  answered(shared: Shared): void {
    this.#take({ type: 'answered', ...shared });
  }

  stored(roomId: string): void {
    if (this.#core) return this.#take({ type: 'stored', roomId });
    // Stored after this tab has left: whoever is there sends it.
    const channel = this.#opened();
    channel?.postMessage({ type: 'stored', roomId, version: VERSION, from: this.#id });
    channel?.close();
  }

  discarded(clientMessageId: string): void {
    this.#take({ type: 'discarded', clientMessageId });
  }

  variables(field: RequestField, variables: Readonly<Record<string, unknown>>) {
    return this.#core?.variables(field, variables) ?? variables;
  }

  signIn(): void {
    this.#take({ type: 'signIn' });
  }

  signOut(): void {
    this.#take({ type: 'signOut' });
  }

  isLast(): boolean {
    return this.#core?.isLast ?? true;
  }

  #opened(): Channel | null {
    const { channel = platformChannel() } = this.#options;
    const opened = channel?.(this.#name) ?? null;
    opened?.addEventListener('message', ({ data }) => {
      if (opened === this.#channel) this.#take({ type: 'channel', data });
    });
    return opened;
  }

  #take(input: TabsInput): void {
    for (const output of this.#core?.take(input, Date.now()) ?? []) this.#carryOut(output);
  }

  #carryOut(output: TabsOutput): void {
    switch (output.type) {
      case 'post':
        this.#channel?.postMessage({ ...output.said, version: VERSION, from: this.#id });
        return;
      case 'feed':
        return this.#client?.feed(output.event);
      case 'wire':
        return this.#client?.wire(output.effect);
      case 'timer':
        clearTimeout(this.#timers.get(output.key));
        this.#timers.set(
          output.key,
          setTimeout(() => this.#take({ type: 'due', key: output.key }), output.afterMs),
        );
        return;
      case 'cancel':
        return clearTimeout(this.#timers.get(output.key));
      case 'steal':
        this.#letGo();
        return this.#request(true);
      case 'signedOut':
        this.#client?.signedOut();
        return this.#options.onSignedOut?.();
    }
  }

  /** Ask for the lock, and hold it as long as the tab lives. The name has the version: another's tabs lead their own. */
  #request(steal: boolean): void {
    const waiting = new AbortController();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isOver = false;
    this.#letGo = () => {
      isOver = true;
      waiting.abort();
      release();
    };
    const granted = () => {
      if (isOver) return Promise.resolve();
      this.#take({ type: 'lock', isHeld: true });
      return held;
    };
    void this.#hold(steal ? { steal } : { signal: waiting.signal }, granted).then((isRefused) => {
      if (isOver) return;
      // Where the page may not have locks, each tab leads itself.
      this.#take({ type: 'lock', isHeld: isRefused });
      if (!isRefused) this.#request(false);
    });
  }

  /** Whether the platform refuses locks altogether. Otherwise it is over, or somebody has taken it. */
  async #hold(options: object, callback: () => Promise<void>): Promise<boolean> {
    try {
      await this.#locks?.request(`${this.#name}/${VERSION}`, options, callback);
      return false;
    } catch (error) {
      return !(error instanceof Error && error.name === 'AbortError');
    }
  }
}

const platformLocks = () => (typeof navigator === 'undefined' ? undefined : (navigator.locks as Locks));

const platformChannel = () =>
  typeof BroadcastChannel === 'undefined'
    ? null
    : (name: string) => new BroadcastChannel(name) as unknown as Channel;

/** Tells when the page is shown and hidden; returns how to end that. */
function onShown(tell: (isShown: boolean) => void): () => void {
  if (typeof document === 'undefined') return () => {};
  const ending = new AbortController();
  const { signal } = ending;
  document.addEventListener('visibilitychange', () => tell(!document.hidden), { signal });
  tell(!document.hidden);
  return () => ending.abort();
}

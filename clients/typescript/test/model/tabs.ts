// Tabs that share, in the model's virtual time: the browser's lock and channel, and tabs that use them.
import type { Effect, Event } from '../../src/core/protocol.ts';
import { TabsCore } from '../../src/tabs/core.ts';
import { VERSION } from '../../src/tabs/messages.ts';
import type { TabsInput, TabsOutput } from '../../src/tabs/protocol.ts';
import { Tab, type World } from './world.ts';

type Request = Extract<Effect, { type: 'request' }>;

/** One named lock as Web Locks has it: first come, first served; it goes with the tab that holds it, or is stolen. */
export class ModelLock {
  holder: SharedTab | null = null;
  readonly #queue: SharedTab[] = [];

  request(tab: SharedTab): void {
    if (this.holder) this.#queue.push(tab);
    else this.#grant(tab);
  }

  release(tab: SharedTab): void {
    const index = this.#queue.indexOf(tab);
    if (index >= 0) this.#queue.splice(index, 1);
    if (this.holder !== tab) return;
    this.holder = null;
    const next = this.#queue.shift();
    if (next) this.#grant(next);
  }

  steal(tab: SharedTab): void {
    const loser = this.holder;
    const index = this.#queue.indexOf(tab);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#grant(tab);
    if (loser && loser !== tab) {
      loser.lock(false);
      this.request(loser);
    }
  }

  #grant(tab: SharedTab): void {
    this.holder = tab;
    tab.lock(true);
  }
}

export class Browser {
  readonly lock = new ModelLock();
  readonly hasLocks: boolean;
  /** Sends by tabs that do not hold the lock, other than those that do not know yet. */
  strays = 0;
  readonly calls = new Map<string, number>();

  constructor(world: World, hasLocks: boolean) {
    this.hasLocks = hasLocks;
    world.make = (_, rooms) => new SharedTab(world, rooms, this);
  }
}

export class SharedTab extends Tab {
  readonly shared: TabsCore;
  readonly #browser: Browser;
  readonly #id: string;

  constructor(world: World, rooms: readonly string[], browser: Browser) {
    super(world, rooms);
    this.#browser = browser;
    this.#id = `tab ${world.born}`;
    this.shared = new TabsCore({
      id: this.#id,
      isAlone: !browser.hasLocks,
      list: () => this.core.list,
      positions: () => this.core.positions,
      chance: world.random,
    });
  }

  override join(): void {
    this.take({ type: 'join' });
    if (this.#browser.hasLocks) this.#browser.lock.request(this);
  }

  /** The lock is told of by a task of its own. */
  lock(isHeld: boolean): void {
    this.later(() => this.take({ type: 'lock', isHeld }), `lock ${this.#id}`);
  }

  take(input: TabsInput): void {
    if (this.isEnded) return;
    for (const output of this.shared.take(input, this.world.server.now + this.clock)) this.#output(output);
  }

  override end(): void {
    super.end();
    this.#browser.lock.release(this);
  }

  /** In good order, as when a page is left. */
  close(): void {
    this.take({ type: 'leave' });
    this.world.kill(this);
  }

  override due(key: string): void {
    if (key.startsWith('tabs/')) this.take({ type: 'due', key: key.slice(5) });
    else super.due(key);
  }

  protected override heard(event: Event): void {
    this.take({ type: 'transport', event });
  }

  protected override ask(effect: Effect): void {
    this.take({ type: 'effect', effect });
  }

  protected override variables({ field, variables }: Request) {
    if (field === 'sendMessage' && this.#browser.hasLocks && !this.shared.isLeader) this.#browser.strays += 1;
    this.#browser.calls.set(field, (this.#browser.calls.get(field) ?? 0) + 1);
    return this.shared.variables(field, variables);
  }

  protected override answered({ field, variables }: Request, value: unknown): void {
    this.take({ type: 'answered', field, variables, value });
  }

  protected override stored(roomId: string): void {
    this.take({ type: 'stored', roomId });
  }

  #output(output: TabsOutput): void {
    switch (output.type) {
      case 'post': {
        const data = { ...structuredClone(output.said), version: VERSION, from: this.#id };
        for (const tab of this.world.tabs) if (tab !== this && tab instanceof SharedTab) tab.receive(data);
        return;
      }
      case 'feed':
        return this.feed(output.event);
      case 'wire':
        return this.wire(output.effect);
      case 'timer':
        this.timers.set(`tabs/${output.key}`, this.world.elapsed + output.afterMs);
        return;
      case 'cancel':
        this.timers.delete(`tabs/${output.key}`);
        return;
      case 'steal':
        return this.#browser.lock.steal(this);
    }
  }

  receive(data: { readonly from: string }): void {
    this.later(() => this.take({ type: 'channel', data }), `channel ${data.from} ${this.#id}`);
  }
}

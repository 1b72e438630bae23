// Tabs of one person, the server and what lies between them, in virtual time. Whatever is under way is carried out one
// piece at a time in an order that the seed chooses, so that a tab can be killed at each place where it would wait.
import { ChatCore, type ChatOptions } from '../../src/core/chat.ts';
import type { Effect, Event } from '../../src/core/protocol.ts';
import { missingFile, type Refusal, unauthorized, unreachable } from '../../src/core/refusals.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import { chosen, seeded } from './random.ts';
import { ModelServer, Refused, type Subscription } from './server.ts';
import { ModelStorage } from './storage.ts';

export const ME = 'me';
/** What takes longer does not arrive: AppSync ends it, and so does the client. */
const FLIGHT_MS = 60_000;

/** What goes wrong with the next call or event that it fits. */
export type Armed =
  | 'dropRequest'
  | 'loseAnswer'
  | 'doubleRequest'
  | 'dropLive'
  | 'doubleLive'
  | 'limit'
  | 'unavailable'
  | 'unavailableButDone'
  | 'internal'
  | 'token';

interface Piece {
  readonly tab: Tab;
  /** What is done; in the order in which it was asked for, where it has a `line`. */
  readonly run: () => void;
  readonly line?: string;
}

export class World {
  readonly random: () => number;
  readonly server = new ModelServer();
  readonly storage = new ModelStorage();
  readonly tabs: Tab[] = [];
  readonly armed: Armed[] = [];
  readonly faults = new Map<string, number>();
  pieces: Piece[] = [];
  /** How many tabs there have been. */
  born = 0;
  /** Milliseconds of a clock that no one can set. */
  elapsed = 0;
  /** Checks after each step; throws. */
  inspect: (tab: Tab) => void = () => {};

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** Makes the tabs. */
  make: (world: World, rooms: readonly string[]) => Tab = (world, rooms) => new Tab(world, rooms);

  open(...rooms: string[]): Tab {
    const tab = this.make(this, rooms);
    tab.join();
    this.tabs.push(tab);
    tab.feed({ type: 'start' });
    for (const roomId of rooms) tab.feed({ type: 'open', roomId });
    return tab;
  }

  /** The tab ends at once; what it has sent may still arrive. */
  kill(tab: Tab): void {
    tab.end();
    this.tabs.splice(this.tabs.indexOf(tab), 1);
  }

  count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  takeArmed(...kinds: readonly Armed[]): Armed | null {
    const index = this.armed.findIndex((each) => kinds.includes(each));
    const [taken] = index < 0 ? [] : this.armed.splice(index, 1);
    if (taken) this.count(taken);
    return taken ?? null;
  }

  /** Carry one piece out, or let time pass to the next timer. Returns whether there was anything. */
  step(mayWait = true): boolean {
    const first = new Set<string>();
    const ready = this.pieces.filter(
      ({ tab, line }) => !tab.isFrozen && (!line || (!first.has(line) && first.add(line))),
    );
    const isPatient = mayWait && this.random() < 0.05;
    const piece = isPatient ? undefined : chosen(ready, this.random);
    if (piece) {
      this.pieces.splice(this.pieces.indexOf(piece), 1);
      piece.run();
      return true;
    }
    return mayWait && this.wait();
  }

  /** Let time pass to the next timer. */
  wait(until = Number.POSITIVE_INFINITY): boolean {
    const next = this.tabs.flatMap((tab) =>
      tab.isFrozen ? [] : [...tab.timers].map(([key, at]) => ({ tab, key, at })),
    );
    next.sort((a, b) => a.at - b.at);
    const [first] = next;
    if (!first || first.at > until) return false;
    this.pass(Math.max(0, first.at - this.elapsed));
    first.tab.timers.delete(first.key);
    first.tab.due(first.key);
    return true;
  }

  pass(ms: number): void {
    this.elapsed += ms;
    this.server.now += ms;
  }

  /** Everything that is under way, and what timers bring within so long. */
  settle(ms: number): void {
    const until = this.elapsed + ms;
    for (let steps = 0; steps < 100_000; steps += 1) {
      if (!this.step(false) && !this.wait(until)) return;
    }
    throw new Error('it does not come to rest');
  }
}

export class Tab {
  readonly core: ChatCore;
  readonly timers = new Map<string, number>();
  /** How far this tab's clock is from the server's. */
  clock = 0;
  isUp = false;
  /** Whether the network is there. */
  isLinked = true;
  isEnded = false;
  /** Whether the browser runs nothing of it for now. */
  isFrozen = false;
  readonly rooms: readonly string[];
  protected readonly world: World;
  readonly #line: string;
  readonly #ends = new Map<string, () => void>();
  #connection = 0;
  /** Tells a connection that was given up before it came to be. */
  #attempt = 0;
  readonly sent = new Map<string, number>();

  constructor(world: World, rooms: readonly string[], options: Partial<ChatOptions> = {}) {
    this.world = world;
    this.#line = `storage ${world.born}`;
    world.born += 1;
    this.rooms = rooms;
    this.core = new ChatCore({ userId: ME, chance: world.random, keep: 60, ...options });
  }

  feed(event: Event): void {
    if (this.isEnded) return;
    const effects = this.core.feed(event, this.world.server.now + this.clock);
    for (const effect of effects) this.#carryOut(effect);
    this.world.inspect(this);
  }

  /** Before anything else. */
  join(): void {}

  due(key: string): void {
    this.feed({ type: 'due', key });
  }

  /** What the transport tells. */
  protected heard(event: Event): void {
    this.feed(event);
  }

  protected ask(effect: Effect): void {
    this.wire(effect);
  }

  protected variables(_: Extract<Effect, { type: 'request' }>): Readonly<Record<string, unknown>> {
    return _.variables;
  }

  protected answered(_: Extract<Effect, { type: 'request' }>, _value: unknown): void {}

  protected stored(_: string): void {}

  end(): void {
    this.isEnded = true;
    this.timers.clear();
    for (const end of this.#ends.values()) end();
    this.world.pieces = this.world.pieces.filter(({ tab, line }) => tab !== this || !line);
  }

  /** The connection is lost. */
  cut(): void {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
    this.#connection += 1;
    if (!this.isUp) return;
    this.isUp = false;
    this.heard({ type: 'down', refusal: unreachable() });
  }

  protected later(run: () => void, line?: string): void {
    this.world.pieces.push({ tab: this, run, ...(line ? { line } : {}) });
  }

  #carryOut(effect: Effect): void {
    const world = this.world;
    switch (effect.type) {
      case 'timer':
        this.timers.set(effect.key, world.elapsed + effect.afterMs);
        return;
      case 'cancel':
        this.timers.delete(effect.key);
        return;
      case 'connect':
      case 'disconnect':
      case 'subscribe':
      case 'unsubscribe':
      case 'subscribeMine':
      case 'here':
      case 'delivered':
        return this.ask(effect);
      case 'request':
        return this.#requestFrom(world.elapsed, effect);
      case 'post':
        return this.later(() => this.#post(effect));
      case 'endPost':
        return;
      default:
        return this.later(() => this.#store(effect), this.#line);
    }
  }

  protected wire(effect: Effect): void {
    if (effect.type === 'connect') {
      const attempt = this.#attempt;
      this.later(() => attempt === this.#attempt && this.#connect());
    } else if (effect.type === 'disconnect') {
      this.#attempt += 1;
      this.cut();
    } else if (effect.type === 'subscribe') this.later(() => this.#subscribe(effect));
    else if (effect.type === 'unsubscribe') this.#ends.get(effect.roomId)?.();
  }

  #connect(): void {
    if (!this.isLinked) return this.heard({ type: 'down', refusal: unreachable() });
    if (this.world.takeArmed('token')) return this.heard({ type: 'down', refusal: unauthorized() });
    this.isUp = true;
    this.heard({ type: 'up' });
  }

  #subscribe({ roomId, epoch, number }: Extract<Effect, { type: 'subscribe' }>): void {
    const connection = this.#connection;
    const isHere = () => connection === this.#connection && !this.isEnded;
    if (!this.isUp || !isHere()) return;
    this.#ends.get(roomId)?.();
    const subscription: Subscription = { roomId, epoch, hear: (message) => isHere() && this.#hear(message) };
    try {
      this.#ends.set(roomId, this.world.server.subscribe(ME, subscription));
      this.later(() => isHere() && this.heard({ type: 'subscribed', roomId, number }));
    } catch (error) {
      const { refusal } = error as Refused;
      this.later(() => isHere() && this.heard({ type: 'notSubscribed', roomId, number, refusal }));
    }
  }

  #hear(message: Message): void {
    const armed = this.world.takeArmed('dropLive', 'doubleLive');
    if (armed === 'dropLive') return;
    this.later(() => this.heard({ type: 'live', message }));
    if (armed) this.later(() => this.heard({ type: 'live', message }));
  }

  #requestFrom(asked: number, effect: Extract<Effect, { type: 'request' }>): void {
    const isLate = () => this.world.elapsed - asked > FLIGHT_MS;
    this.later(() => this.#request(effect, isLate));
  }

  #request(effect: Extract<Effect, { type: 'request' }>, isLate: () => boolean): void {
    const { number, field } = effect;
    const variables = this.variables(effect);
    const world = this.world;
    if (field === 'sendMessage') {
      const id = String(variables.clientMessageId);
      this.sent.set(id, (this.sent.get(id) ?? 0) + 1);
    }
    const refuse = (refusal = unreachable()) =>
      this.later(() => this.feed({ type: 'refused', number, refusal }));
    const kinds: Armed[] = ['dropRequest', 'loseAnswer', 'doubleRequest', 'unavailable', 'token'];
    if (field === 'sendMessage') kinds.push('limit', 'unavailableButDone', 'internal');
    const armed = world.takeArmed(...kinds);
    if (!this.isLinked || armed === 'dropRequest' || isLate()) return refuse();
    if (armed === 'token') return refuse(unauthorized());
    if (armed === 'limit')
      return refuse(new Refused('RateLimited', { retryAfterMs: 1_200, scope: 'person' }).refusal);
    if (armed === 'unavailable') return refuse(new Refused('ServiceUnavailable').refusal);
    if (armed === 'internal') return refuse(new Refused('InternalError', { correlationId: 'c' }).refusal);
    const call = () => {
      try {
        const value = structuredClone(world.server.call(ME, field, variables));
        return { type: 'answered', number, value } as const;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { type: 'refused', number, refusal: error.refusal } as const;
      }
    };
    const answer = call();
    if (armed === 'doubleRequest') world.pieces.push({ tab: this, run: () => isLate() || call() });
    if (armed === 'loseAnswer') return refuse();
    if (armed === 'unavailableButDone') return refuse(new Refused('ServiceUnavailable').refusal);
    this.later(() => {
      if (this.isEnded) return;
      if (answer.type === 'answered') this.answered({ ...effect, variables }, answer.value);
      this.feed(answer);
    });
  }

  #post({ number, file, upload }: Extract<Effect, { type: 'post' }>): void {
    const { world } = this;
    const post = () => world.server.uploads.post(upload.id, file.key, world.server.now);
    const refuse = (refusal: Refusal) => this.later(() => this.feed({ type: 'refused', number, refusal }));
    if (!world.storage.files.has(file.key)) return refuse(missingFile());
    const armed = world.takeArmed('dropRequest', 'loseAnswer', 'doubleRequest');
    if (!this.isLinked || armed === 'dropRequest') return refuse(unreachable());
    this.later(() => this.feed({ type: 'progress', key: file.key, part: 0.5 }));
    const status = post();
    if (armed === 'doubleRequest') world.pieces.push({ tab: this, run: post });
    if (armed === 'loseAnswer') return refuse(unreachable());
    if (status !== 204)
      return refuse({ code: 'Unknown', errorType: `Http${status}`, sentence: '', values: {} });
    this.later(() => this.feed({ type: 'answered', number, value: null }));
  }

  #store(effect: Effect): void {
    const event = this.world.storage.carryOut(effect);
    if (event) this.world.pieces.unshift({ tab: this, run: () => this.feed(event), line: this.#line });
    if (effect.type === 'add') this.stored(effect.entry.roomId);
    else if (effect.type === 'revise' && effect.by.kind !== 'settle' && effect.by.kind !== 'try')
      this.stored(effect.roomId);
  }
}

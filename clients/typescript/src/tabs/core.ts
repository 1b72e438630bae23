// Who of a person's tabs leads, and what it does for the others: no lock, channel, timer or clock of its own. The lock
// alone says who leads. What is told to a tab twice, late or by a tab that leads no more does no harm: every core
// catches up after `subscribed`, and compares when a heartbeat is shared.
import type { Effect, Event, RequestField } from '../core/protocol.ts';
import { unreachable } from '../core/refusals.ts';
import type { ListState } from '../core/shown.ts';
import type { Message } from '../wire/generated/types.ts';
import { type Heard, heard, type Said, type Shared, type Wanted } from './messages.ts';
import { Others } from './others.ts';
import type { TabsInput, TabsOutput } from './protocol.ts';
import { Subscriptions } from './subscriptions.ts';
import { Watch } from './watch.ts';

export interface TabsOptions {
  /** Tells this tab from others. */
  readonly id: string;
  /** Where there is no lock, or nothing to speak over: each tab does everything by itself. */
  readonly isAlone: boolean;
  readonly list: () => ListState | null;
  readonly positions: () => readonly object[];
  /** From 0 to below 1. */
  readonly chance: () => number;
}

export class TabsCore {
  isLeader = false;
  readonly #options: TabsOptions;
  readonly #subscriptions: Subscriptions;
  readonly #others = new Others();
  readonly #watch: Watch;
  /** What the core has asked for and not ended. */
  readonly #wanted = new Map<string, Wanted>();
  #out: TabsOutput[] = [];
  #isJoined = false;
  /** Whether the core waits for a connection or believes in one. */
  #wants = false;
  /** Whether the core has no token that is accepted. */
  #isBarred = false;
  #isUp = false;
  #leader: string | null = null;

  constructor(options: TabsOptions) {
    this.#options = options;
    const wire = (effect: Effect) => this.#emit({ type: 'wire', effect });
    const tell = (to: string, event: Event) => {
      if (to === options.id) this.#feed(event);
      else this.#post({ type: 'told', to, event });
    };
    this.#subscriptions = new Subscriptions({ wire, tell });
    this.#watch = new Watch({
      ping: () => this.#post({ type: 'ping' }),
      emit: (output) => this.#emit(output),
      chance: options.chance,
    });
  }

  /** Whether nobody of the person is there once this tab is not. */
  get isLast(): boolean {
    return this.#options.isAlone || (this.isLeader && this.#others.isEmpty);
  }

  /** Take one input in, at `now` by the clock here. Returns what is to be done. */
  take(input: TabsInput, now: number): readonly TabsOutput[] {
    if (input.type === 'join') this.#join();
    else if (this.#isJoined) this.#take(input, now);
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** What a request says for all tabs. */
  variables(field: RequestField, variables: Readonly<Record<string, unknown>>) {
    return this.#others.variables(field, variables);
  }

  #take(input: TabsInput, now: number): void {
    switch (input.type) {
      case 'leave':
        return this.#leave();
      case 'signOut':
        return this.#post({ type: 'signedOut' });
      case 'signIn':
        return this.#post({ type: 'signedIn' });
      case 'lock':
        return input.isHeld ? this.#lead() : this.#follow();
      case 'channel':
        return this.#channel(heard(input.data));
      case 'effect':
        return this.#effect(input.effect);
      case 'transport':
        return this.#transport(input.event);
      case 'answered':
        return this.#answered(input);
      case 'stored':
        return this.#post({ type: 'stored', roomId: input.roomId });
      case 'discarded':
        return this.#post(input);
      case 'due':
        return this.isLeader ? undefined : this.#watch.due(input.key, now);
      case 'shown':
        this.#watch.isShown = input.isShown;
        if (this.isLeader || this.#options.isAlone) return;
        this.#hello(); // the person is here now, or not any more
        return this.#watch.after(0);
    }
  }

  #join(): void {
    this.#isJoined = true;
    this.#reset();
    if (this.#options.isAlone) this.isLeader = true;
    this.#feed({ type: 'leads', isLeader: this.isLeader });
    if (this.isLeader) return;
    this.#hello();
    this.#watch.after();
  }

  #leave(): void {
    this.#post({ type: 'bye' });
    this.#watch.end();
    this.#isJoined = false;
    this.#reset();
  }

  #reset(): void {
    this.isLeader = this.#wants = this.#isBarred = this.#isUp = false;
    this.#leader = null;
    this.#wanted.clear();
    this.#others.clear();
    this.#subscriptions.clear();
  }

  /** The lock is ours: connect, and everybody subscribes and catches up once that is there. */
  #lead(): void {
    if (this.isLeader) return;
    this.isLeader = true;
    this.#leader = null;
    this.#isUp = false;
    this.#watch.end();
    this.#feed({ type: 'leads', isLeader: true });
    this.#post({ type: 'leads', isUp: false });
    if (this.#wants) this.#emit({ type: 'wire', effect: { type: 'connect' } });
  }

  /** The lock was taken from us, since we did not answer. */
  #follow(): void {
    if (!this.isLeader || this.#options.isAlone) return;
    this.isLeader = this.#isUp = false;
    this.#others.clear();
    this.#subscriptions.clear();
    this.#emit({ type: 'wire', effect: { type: 'disconnect' } });
    this.#feed({ type: 'leads', isLeader: false });
    this.#hello();
    this.#watch.after();
  }

  #effect(effect: Effect): void {
    if (effect.type === 'connect') this.#wants = true;
    if (effect.type === 'connect' || effect.type === 'disconnect')
      this.#isBarred = effect.type === 'disconnect';
    if (effect.type === 'disconnect') this.#wants = this.#isUp = false;
    else if (effect.type === 'subscribe') this.#wanted.set(effect.roomId, effect);
    else if (effect.type === 'unsubscribe') this.#wanted.delete(effect.roomId);
    if (this.#options.isAlone) this.#emit({ type: 'wire', effect });
    else if (this.isLeader) this.#effectOfLeader(effect);
    else this.#effectOfFollower(effect);
  }

  #effectOfLeader(effect: Effect): void {
    const { id } = this.#options;
    if (effect.type === 'subscribe') this.#subscriptions.subscribe(id, effect);
    else if (effect.type === 'unsubscribe') this.#subscriptions.unsubscribe(id, effect.roomId);
    else if (effect.type === 'here' && effect.status === 'AWAY' && this.#others.isSeen) {
      this.#emit({ type: 'wire', effect: { ...effect, status: 'ONLINE' } });
    } else this.#emit({ type: 'wire', effect });
    if (effect.type !== 'disconnect') return;
    this.#subscriptions.clear();
    const refusal = { ...unreachable(), code: 'Unauthorized' } as const;
    this.#post({ type: 'down', refusal });
  }

  #effectOfFollower(effect: Effect): void {
    if (effect.type === 'subscribe') {
      const { roomId, epoch, number } = effect;
      this.#post({ type: 'subscribe', roomId, epoch, number });
    } else if (effect.type === 'unsubscribe') this.#post({ type: 'unsubscribe', roomId: effect.roomId });
    else if (effect.type === 'disconnect') {
      this.#wanted.clear();
      this.#hello();
    } else if (effect.type === 'connect') this.#hello(); // whoever leads says whether the connection is there
  }

  #transport(event: Event): void {
    if (this.#options.isAlone) return this.#feed(event);
    if (!this.isLeader) return; // of the connection from when we did lead
    switch (event.type) {
      case 'up':
      case 'down':
        this.#isUp = event.type === 'up';
        this.#subscriptions.clear();
        if (event.type === 'down') this.#wants = false;
        this.#post(event);
        return this.#feed(event);
      case 'subscribed':
        return this.#subscriptions.subscribed(event.roomId, event.number);
      case 'notSubscribed':
        return this.#subscriptions.notSubscribed(event.roomId, event.number, event.refusal);
      default:
        this.#post({ type: 'live', event });
        return this.#feed(event);
    }
  }

  #answered({ field, variables, value }: Shared): void {
    if (field === 'sendMessage') {
      if (value) this.#post({ type: 'sent', message: value as Message });
    } else if (this.isLeader && !this.#options.isAlone && value) {
      if (field !== 'sync' && field !== 'myRooms' && field !== 'heartbeat') return;
      this.#post({ type: 'shared', field, variables, value });
      if (field === 'heartbeat') for (const tab of this.#others.beat()) this.#forget(tab);
    }
  }

  #forget(tab: string): void {
    this.#others.forget(tab);
    this.#subscriptions.replace(tab, []);
  }

  #channel(said: Heard | null): void {
    if (!said || said.from === this.#options.id) return;
    switch (said.type) {
      case 'stored':
        return this.#feed({ type: 'stored', roomId: said.roomId });
      case 'discarded':
        return this.#feed({ type: 'discard', clientMessageId: said.clientMessageId });
      case 'sent':
        return this.#feed({ type: 'told', messages: [said.message] });
      case 'signedIn':
        return this.#feed({ type: 'signedIn' });
      case 'signedOut':
        return this.#emit({ type: 'signedOut' });
      default:
        if (this.#options.isAlone) return;
        if (this.isLeader) this.#asked(said);
        else this.#told(said);
    }
  }

  /** Another tab asks the leader, which this one is. */
  #asked(said: Heard): void {
    switch (said.type) {
      case 'hello':
        return this.#greeted(said);
      case 'bye':
        return this.#forget(said.from);
      case 'ping':
        return this.#post({ type: 'leads', isUp: this.#isUp });
      case 'subscribe':
        if (!this.#others.has(said.from)) this.#others.greet(said.from, [], true);
        if (this.#isUp) this.#subscriptions.subscribe(said.from, bare(said));
        return;
      case 'unsubscribe':
        return this.#subscriptions.unsubscribe(said.from, said.roomId);
    }
  }

  #greeted({ from, wanted, positions, token, isShown }: Extract<Heard, { type: 'hello' }>): void {
    this.#others.greet(from, positions, isShown);
    this.#post({ type: 'leads', isUp: this.#isUp });
    if (this.#isUp) this.#subscriptions.replace(from, wanted);
    const list = this.#options.list();
    if (list && list.token !== token) this.#post({ type: 'list', to: from, list });
  }

  /** The leader says something to those that follow. */
  #told(said: Heard): void {
    if (said.type === 'leads') this.#led(said.from, said.isUp);
    if (said.from !== this.#leader) return;
    this.#watch.heard();
    switch (said.type) {
      case 'up':
        return this.#up();
      case 'down':
        return this.#down(said.refusal);
      case 'told':
        return said.to === this.#options.id ? this.#came(said.event) : undefined;
      case 'live':
        return this.#feed(said.event);
      case 'list':
        return said.to === this.#options.id ? this.#feed({ type: 'list', list: said.list }) : undefined;
      case 'shared':
        return this.#shared(said);
      case 'bye':
        this.#leader = null; // another has the lock now, or will have it
    }
  }

  #came(event: Event): void {
    const wanted = event.type === 'notSubscribed' ? this.#wanted.get(event.roomId) : undefined;
    if (event.type === 'notSubscribed' && wanted?.number === event.number) this.#wanted.delete(event.roomId);
    this.#feed(event);
    if (event.type === 'subscribed') this.#hello(); // with where the room stands
  }

  /** What the leader was answered; where our list is not what it was asked from, the leader is asked for its own. */
  #shared({ field, variables, value }: Shared): void {
    const isBehind = field === 'sync' && variables.since !== (this.#options.list()?.token ?? null);
    if (!isBehind) this.#feed({ type: 'shared', field, variables, value });
    if (isBehind || field === 'heartbeat') this.#hello();
  }

  #led(by: string, isUp: boolean): void {
    if (by !== this.#leader) {
      this.#leader = by;
      this.#isUp = false;
      this.#hello();
    }
    if (isUp && !this.#isUp) this.#up();
    else if (!isUp && this.#isUp) this.#down(unreachable());
  }

  #up(): void {
    if (this.#isBarred) return; // it asks when there is a token
    this.#isUp = this.#wants = true;
    this.#feed({ type: 'up' });
  }

  #down(refusal: Extract<Heard, { type: 'down' }>['refusal']): void {
    this.#isUp = this.#wants = false;
    this.#feed({ type: 'down', refusal });
  }

  #hello(): void {
    const token = this.#options.list()?.token ?? null;
    const positions = this.#options.positions();
    const wanted = [...this.#wanted.values()].map(bare);
    this.#post({ type: 'hello', wanted, positions, token, isShown: this.#watch.isShown });
  }

  #feed(event: Event): void {
    this.#emit({ type: 'feed', event });
  }

  #post(said: Said): void {
    this.#emit({ type: 'post', said });
  }

  #emit(output: TabsOutput): void {
    this.#out.push(output);
  }
}

const bare = ({ roomId, epoch, number }: Wanted): Wanted => ({ roomId, epoch, number });

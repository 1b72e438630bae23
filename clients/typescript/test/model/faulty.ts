import { unreachable } from '../../src/core/refusals.ts';
import { CallRefused, type Transport, type TransportListener } from '../../src/transports/transport.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import type { Operation } from '../../src/wire/operation.ts';

/** A transport between which and the client things go wrong, as often as chance says while it is `isFaulty`. */
export class FaultyTransport implements Transport {
  isFaulty = true;
  readonly faults = new Map<string, number>();
  readonly followsEpochs: boolean;
  readonly #inner: Transport;
  readonly #chance: () => number;
  #listener: TransportListener | null = null;

  constructor(inner: Transport, chance: () => number) {
    this.#inner = inner;
    this.#chance = chance;
    this.followsEpochs = inner.followsEpochs;
  }

  /** The connection is lost. */
  cut(): void {
    const listener = this.#listener;
    this.#count('cut');
    this.#inner.disconnect();
    listener?.down(unreachable());
  }

  connect(listener: TransportListener): void {
    this.#listener = listener;
    // What is dropped here the other side takes for told, so nothing is resumed.
    const subscribed = (roomId: string, number: number) => listener.subscribed(roomId, number);
    this.#inner.connect({ ...listener, subscribed, live: (message) => this.#heard(message) });
  }

  disconnect(): void {
    this.#listener = null;
    this.#inner.disconnect();
  }

  subscribe(roomId: string, epoch: number, number: number): void {
    this.#inner.subscribe(roomId, epoch, number);
  }

  unsubscribe(roomId: string): void {
    this.#inner.unsubscribe(roomId);
  }

  async call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    if (this.#happens('dropRequest', 0.1)) throw new CallRefused(unreachable());
    if (this.#happens('doubleRequest', 0.1)) void this.#inner.call(operation, variables).catch(() => {});
    const answer = await this.#inner.call(operation, variables);
    if (this.#happens('loseAnswer', 0.1)) throw new CallRefused(unreachable());
    return answer;
  }

  #heard(message: Message): void {
    if (this.#happens('dropLive', 0.2)) return;
    const late = this.#happens('reorder', 0.3) ? this.#chance() * 100 : 0;
    setTimeout(() => this.#listener?.live(message), late);
    if (this.#happens('doubleLive', 0.2)) setTimeout(() => this.#listener?.live(message), late + 50);
  }

  #happens(fault: string, probability: number): boolean {
    if (!this.isFaulty || this.#chance() >= probability) return false;
    this.#count(fault);
    return true;
  }

  #count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }
}

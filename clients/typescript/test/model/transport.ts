import { type Refusal, unreachable } from '../../src/core/refusals.ts';
import { CallRefused, type Transport, type TransportListener } from '../../src/transports/transport.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import { checked, type Operation } from '../../src/wire/operation.ts';
import { type ModelServer, Refused } from './server.ts';

/** The model of the server as a transport: calls take a turn of the event loop. */
export class ModelTransport implements Transport {
  readonly followsEpochs = false;
  /** Whether the network is there. */
  isLinked = true;
  /** What becomes of the next answers: a refusal in the place of each. */
  readonly refusals: (Refusal | null)[] = [];
  readonly #server: ModelServer;
  readonly #userId: string;
  readonly #ends = new Map<string, () => void>();
  #listener: TransportListener | null = null;

  constructor(server: ModelServer, userId: string) {
    this.#server = server;
    this.#userId = userId;
  }

  connect(listener: TransportListener): void {
    this.#listener = listener;
    setTimeout(() => {
      if (this.#listener !== listener) return;
      if (this.isLinked) listener.up();
      else listener.down(unreachable());
    });
  }

  disconnect(): void {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
    this.#listener = null;
  }

  /** The network goes. */
  cut(): void {
    const listener = this.#listener;
    this.isLinked = false;
    this.disconnect();
    listener?.down(unreachable());
  }

  subscribe(roomId: string, epoch: number, number: number): void {
    const hear = (message: Message) => setTimeout(() => this.#listener?.live(structuredClone(message)));
    try {
      this.#ends.set(roomId, this.#server.subscribe(this.#userId, { roomId, epoch, hear }));
      setTimeout(() => this.#listener?.subscribed(roomId, number));
    } catch (error) {
      const { refusal } = error as Refused;
      setTimeout(() => this.#listener?.notSubscribed(roomId, number, refusal));
    }
  }

  unsubscribe(roomId: string): void {
    this.#ends.get(roomId)?.();
  }

  async call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    await new Promise((resolve) => setTimeout(resolve));
    if (!this.isLinked) throw new CallRefused(unreachable());
    try {
      const value = structuredClone(this.#server.call(this.#userId, operation.field, variables as never));
      const refusal = this.refusals.shift();
      if (refusal) throw new CallRefused(refusal);
      return checked(operation, value);
    } catch (error) {
      throw error instanceof Refused ? new CallRefused(error.refusal) : error;
    }
  }
}

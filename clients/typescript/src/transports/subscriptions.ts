// The subscriptions of one connection to AppSync: each is started under an id, with a token of its own, and once more with a
// fresh one where that was refused.
import { parseRefusal, type Refusal, unreachable } from '../core/refusals.ts';

/** An answer must come within so long. */
export const ACK_MS = 15_000;

interface Asked {
  readonly field: string;
  readonly text: string;
}

/** One subscription, as somebody asks for it. */
export interface Wanted {
  /** What it is about: it ends together with the others of this. */
  readonly about: string;
  readonly operation: Asked;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly number: number;
  readonly started: () => void;
  readonly refused: (refusal: Refusal) => void;
}

interface Subscription extends Wanted {
  isAgain: boolean;
  timer: ReturnType<typeof setTimeout>;
}

/** The connection, as far as subscriptions need it. */
export interface SubscriptionsHost {
  send(frame: object): void;
  /** Another number with each connection. */
  connection(): number;
  authorize(body: string, isRefused: boolean): Promise<object>;
  /** Whether there may be another token where one is refused. */
  readonly hasFresh: boolean;
  textOf(operation: Asked): string;
}

export class Subscriptions {
  readonly #started = new Map<string, Subscription>();
  readonly #host: SubscriptionsHost;

  constructor(host: SubscriptionsHost) {
    this.#host = host;
  }

  async start(wanted: Wanted, isAgain = false): Promise<void> {
    const connection = this.#host.connection();
    const { operation, variables, number, about } = wanted;
    const id = `${number}${isAgain ? '.again' : ''}.${operation.field}.${about}`;
    const timer = setTimeout(() => this.ended(id, unreachable()), ACK_MS);
    this.#started.set(id, { ...wanted, isAgain, timer });
    try {
      const data = JSON.stringify({ query: this.#host.textOf(operation), variables });
      const authorization = await this.#host.authorize(data, isAgain);
      if (connection !== this.#host.connection() || !this.#started.has(id)) return;
      this.#host.send({ id, type: 'start', payload: { data, extensions: { authorization } } });
    } catch {
      this.ended(id, unreachable());
    }
  }

  /** The server has acknowledged it. */
  started(id: string): void {
    const subscription = this.#started.get(id);
    clearTimeout(subscription?.timer);
    subscription?.started();
  }

  notStarted(id: string, error: { errorType: string | null; message: string | null } | null): void {
    const refusal = parseRefusal(error?.errorType, error?.message);
    const subscription = this.#started.get(id);
    if (refusal.code === 'Unauthorized' && subscription && !subscription.isAgain && this.#host.hasFresh) {
      clearTimeout(subscription.timer);
      this.#started.delete(id);
      void this.start(subscription, true);
    } else this.ended(id, refusal);
  }

  ended(id: string, refusal: Refusal): void {
    const subscription = this.#started.get(id);
    if (!subscription) return;
    this.#stop(id, subscription);
    subscription.refused(refusal);
  }

  /** Nobody wants to hear of this any more. */
  end(about: string): void {
    for (const [id, each] of this.#started) if (each.about === about) this.#stop(id, each);
  }

  /** The connection is gone, and all of them with it. */
  clear(): void {
    for (const { timer } of this.#started.values()) clearTimeout(timer);
    this.#started.clear();
  }

  #stop(id: string, { timer }: Subscription): void {
    clearTimeout(timer);
    this.#started.delete(id);
    this.#host.send({ id, type: 'stop' });
  }
}

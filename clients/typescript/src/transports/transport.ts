import type { Refusal } from '../core/refusals.ts';
import type { Message, PersonEvent, PresenceStatus, Receipt, Typing } from '../wire/generated/types.ts';
import type { Operation } from '../wire/operation.ts';

/** Who hears of a transport. */
export interface TransportListener {
  /** Live events can come. */
  up(): void;
  /** The connection is lost, or did not come to be. */
  down(refusal: Refusal): void;
  /** `isResumed`: what was missed since the connection before has been told by `live`. */
  subscribed(roomId: string, number: number, isResumed?: boolean): void;
  /** Refused, or ended. */
  notSubscribed(roomId: string, number: number, refusal: Refusal): void;
  /** A message, a change of one, or a notice, as the server tells it. */
  live(message: Message): void;
  /** Too much was missed of a room. */
  missed(roomId: string): void;
  /** The person is not in the room any more. */
  left(roomId: string): void;
  typing(typing: Typing): void;
  receipt(receipt: Receipt): void;
  /** What happens to the person is told from now on. */
  mineSubscribed(number: number): void;
  mineNotSubscribed(number: number, refusal: Refusal): void;
  mine(event: PersonEvent): void;
}

/** How the client reaches the chat. One of `appsync` and `gateway`, or one's own. */
export interface Transport {
  /** Whether subscriptions go on by themselves when an epoch ends. */
  readonly followsEpochs: boolean;
  /** Bring the connection for live events up: `up` or `down` follows, and `down` when it ends. */
  connect(listener: TransportListener): void;
  /** End it, without a `down`. */
  disconnect(): void;
  /** `subscribed` or `notSubscribed` follows with this number. What the room was subscribed to before ends. */
  subscribe(roomId: string, epoch: number, number: number): void;
  /** No live events of the room any more, and no answer to this. */
  unsubscribe(roomId: string): void;
  /** Hear what happens to the person: `mineSubscribed` or `mineNotSubscribed` follows with this number. */
  subscribeMine?(userId: string, epoch: number, number: number): void;
  /** Nothing is missing up to this number: where there is no such way, `heartbeat` says it. */
  delivered?(roomId: string, seq: number): void;
  /** The person is there, with this room open. Where there is no such method `heartbeat` says so. */
  here?(status: PresenceStatus, watching: string | null): void;
  /** One field of the API. Rejects with `CallRefused`. */
  call<Variables, Answer>(
    operation: Operation<Variables, Answer>,
    variables: Variables,
  ): Promise<Answer | null>;
}

/** A call was refused, or never answered. */
export class CallRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.sentence || refusal.code);
    this.name = 'CallRefused';
    this.refusal = refusal;
  }
}

/** As much of a WebSocket as transports use: the platform's own, that of the package `ws`, or another with these events. */
export interface Socket {
  /** 1 while it is open. */
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
}

/** Opens a socket: `(url, protocols) => new WebSocket(url, protocols)`. */
export type SocketFactory = (url: string, protocols: string[]) => Socket;

export const browserSocket: SocketFactory = (url, protocols) => new WebSocket(url, protocols);

/** The object in a text frame, or `null` where it holds none. */
export function frameOf(data: unknown): Readonly<Record<string, unknown>> | null {
  try {
    const frame: unknown = JSON.parse(String(data));
    return isRecord(frame) ? frame : null;
  } catch {
    return null;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

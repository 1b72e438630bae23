// The gateway's plain WebSocket (`chat.v1`, docs/gateway.md) for live events and sends, and the API behind it over HTTP
// for history. The gateway follows epochs by itself.
import { parseRefusal, type Refusal, unauthorized, unreachable } from '../core/refusals.ts';
import { onMessageOperation, sendMessageOperation } from '../wire/generated/operations.ts';
import type { Message, SendMessageVariables } from '../wire/generated/types.ts';
import { checked, type Operation } from '../wire/operation.ts';
import { callHttp } from './http.ts';
import { type GetToken, Tokens } from './tokens.ts';
import {
  browserSocket,
  CallRefused,
  frameOf,
  type Socket,
  type SocketFactory,
  type Transport,
  type TransportListener,
} from './transport.ts';

/** Where the gateway and the API are, and who asks. */
export interface GatewayOptions {
  /** The gateway's address, such as `wss://chat.example/ws`. */
  readonly url: string;
  /** The GraphQL endpoint of the API behind it. */
  readonly apiUrl: string;
  readonly getToken: GetToken;
  /** The same that the client was given. */
  readonly deviceId?: string;
  readonly socket?: SocketFactory;
}

const HELLO_MS = 15_000;
const PING_MS = 30_000;
const IDLE_MS = 45_000;
const ANSWER_MS = 32_000;
const OPEN = 1;
const BAD_TOKEN = 4401;
const TOO_FAST = 4429;

interface Waiting {
  readonly resolve: (message: Message | null) => void;
  readonly reject: (error: CallRefused) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Live events and sends by the gateway's frames (`chat.v1`), everything else by the API. */
export function gateway(options: GatewayOptions): Transport {
  return new Gateway(options);
}

class Gateway implements Transport {
  readonly followsEpochs = true;
  readonly #options: GatewayOptions;
  readonly #tokens: Tokens;
  /** The number of each room's subscription. */
  readonly #rooms = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();
  #listener: TransportListener | null = null;
  #socket: Socket | null = null;
  #token = '';
  #connection = 0;
  #refs = 0;
  #isReady = false;
  #afterMs = 0;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #renewing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#tokens = new Tokens(options.getToken);
  }

  async call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    const asked: Operation<never, unknown> = operation;
    if (asked === sendMessageOperation && this.#isReady) {
      return (await this.#send(variables as SendMessageVariables)) as Answer | null;
    }
    let token = '';
    return callHttp(this.#options.apiUrl, operation, variables, async (_, isRefused) => {
      token = await (isRefused ? this.#tokens.after(token) : this.#tokens.get());
      return { authorization: token };
    });
  }

  connect(listener: TransportListener): void {
    this.disconnect();
    this.#listener = listener;
    void this.#open(false);
  }

  disconnect(): void {
    this.#connection += 1;
    this.#listener = null;
    this.#drop();
  }

  subscribe(roomId: string, _epoch: number, number: number): void {
    this.#rooms.set(roomId, number);
    this.#say({ type: 'subscribe', room: roomId });
  }

  unsubscribe(roomId: string): void {
    if (this.#rooms.delete(roomId)) this.#say({ type: 'unsubscribe', room: roomId });
  }

  #send({ roomId: room, ...message }: SendMessageVariables): Promise<Message | null> {
    this.#refs += 1;
    const ref = String(this.#refs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(ref);
        reject(new CallRefused(unreachable()));
      }, ANSWER_MS);
      this.#waiting.set(ref, { resolve, reject, timer });
      this.#say({ type: 'send', ref, room, ...message });
    });
  }

  async #open(isAgain: boolean): Promise<void> {
    this.#connection += 1;
    const connection = this.#connection;
    const isCurrent = () => connection === this.#connection;
    try {
      this.#token = await (isAgain ? this.#tokens.after(this.#token) : this.#tokens.get());
      if (!isCurrent()) return;
      const socket = (this.#options.socket ?? browserSocket)(this.#options.url, ['chat.v1']);
      this.#socket = socket;
      const { deviceId } = this.#options;
      const auth = { type: 'auth', token: this.#token, ...(deviceId ? { deviceId } : {}) };
      socket.addEventListener('open', () => isCurrent() && socket.send(JSON.stringify(auth)));
      socket.addEventListener('message', ({ data }) => isCurrent() && this.#take(frameOf(data)));
      socket.addEventListener('close', ({ code }) => isCurrent() && this.#closed(code ?? 0, isAgain));
      socket.addEventListener('error', () => {}); // a close follows
      this.#expect(HELLO_MS);
    } catch {
      if (isCurrent()) this.#down(unreachable());
    }
  }

  #take(frame: Readonly<Record<string, unknown>> | null): void {
    if (!frame) return;
    if (this.#isReady) this.#expect(IDLE_MS);
    const room = typeof frame.room === 'string' ? frame.room : '';
    const ref = typeof frame.ref === 'string' ? frame.ref : '';
    switch (frame.type) {
      case 'hello':
        return this.#ready();
      case 'subscribed': {
        const number = this.#rooms.get(room);
        return number === undefined ? undefined : this.#listener?.subscribed(room, number);
      }
      case 'message':
      case 'change':
      case 'notice':
        return this.#heard(frame.message);
      case 'ack':
        return this.#answer(ref, frame.message);
      case 'refused':
        return this.#refused(frame, room, ref);
      case 'reset':
        return this.#listener?.missed(room);
      case 'removed':
        return this.#listener?.left(room);
      case 'goingAway':
        this.#afterMs = Number(frame.reconnectAfterMs) || 0;
        return;
    }
  }

  #ready(): void {
    this.#isReady = true;
    this.#expect(IDLE_MS);
    this.#pinging = setInterval(() => this.#say({ type: 'ping' }), PING_MS);
    this.#renewLater();
    this.#listener?.up();
  }

  /** A fresh token before the connection's ends, so that it stays. */
  #renewLater(): void {
    clearTimeout(this.#renewing);
    const inMs = this.#tokens.endsInMs;
    if (inMs === null) return;
    const connection = this.#connection;
    this.#renewing = setTimeout(
      async () => {
        const token = await this.#tokens.get().catch(() => null);
        if (token === null || connection !== this.#connection) return; // it is closed with 4401 then
        this.#token = token;
        this.#say({ type: 'auth', token });
        this.#renewLater();
      },
      Math.min(Math.max(inMs, 1_000), 2 ** 31 - 1),
    );
  }

  #heard(value: unknown): void {
    const message = readMessage(value);
    if (message) this.#listener?.live(message);
  }

  #answer(ref: string, value: unknown): void {
    const waiting = this.#waiting.get(ref);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(ref);
    waiting.resolve(readMessage(value));
  }

  #refused(frame: Readonly<Record<string, unknown>>, room: string, ref: string): void {
    const refusal = parseRefusal(String(frame.errorType ?? ''), String(frame.message ?? ''));
    const waiting = this.#waiting.get(ref);
    if (waiting) {
      clearTimeout(waiting.timer);
      this.#waiting.delete(ref);
      return waiting.reject(new CallRefused(refusal));
    }
    const number = this.#rooms.get(room);
    if (!ref && number !== undefined) this.#listener?.notSubscribed(room, number, refusal);
  }

  #closed(code: number, isAgain: boolean): void {
    if (code === BAD_TOKEN && !isAgain) {
      // It may have ended: what came with it before counts for nothing now.
      const listener = this.#listener;
      const wasReady = this.#isReady;
      this.#drop();
      if (wasReady) return this.#down(unreachable());
      this.#listener = listener;
      void this.#open(true);
    } else if (code === BAD_TOKEN) this.#down(unauthorized());
    else this.#down(code === TOO_FAST || this.#afterMs ? this.#later() : unreachable());
  }

  #later(): Refusal {
    const retryAfterMs = this.#afterMs || 5_000;
    return { code: 'RateLimited', retryAfterMs, scope: 'gateway', sentence: '', values: {} };
  }

  #say(frame: object): void {
    if (this.#socket?.readyState === OPEN && this.#isReady) this.#socket.send(JSON.stringify(frame));
  }

  #expect(ms: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#down(unreachable('nothing came')), ms);
  }

  #down(refusal: Refusal): void {
    const listener = this.#listener;
    this.disconnect();
    listener?.down(refusal);
  }

  #drop(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#renewing);
    clearInterval(this.#pinging);
    this.#isReady = false;
    this.#afterMs = 0;
    this.#rooms.clear();
    this.#socket?.close();
    this.#socket = null;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new CallRefused(unreachable()));
    }
    this.#waiting.clear();
  }
}

/** A message of a frame, or `null` where it is none. */
function readMessage(value: unknown): Message | null {
  try {
    return checked(onMessageOperation, value);
  } catch {
    return null;
  }
}

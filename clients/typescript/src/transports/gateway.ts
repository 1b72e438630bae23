// The gateway's plain WebSocket (`chat.v1`, docs/gateway.md) for live events and sends, and the API behind it over HTTP
// for history. The gateway follows epochs by itself.
import { parseRefusal, type Refusal, unauthorized, unreachable } from '../core/refusals.ts';
import {
  onMessageOperation,
  onMineOperation,
  onReceiptOperation,
  onTypingOperation,
  sendMessageOperation,
} from '../wire/generated/operations.ts';
import type { Message, PresenceStatus, SendMessageVariables } from '../wire/generated/types.ts';
import { checked, type Operation } from '../wire/operation.ts';
import { prefixOf } from '../wire/prefix.ts';
import { type Authorize, callHttp } from './http.ts';
import { Sends } from './sends.ts';
import { type GetToken, Tokens } from './tokens.ts';
import {
  browserSocket,
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
  /** The prefix of the chat's fields and types there: the gateway's `SCHEMA_PREFIX`. Frames know of none. */
  readonly prefix?: string;
  readonly getToken: GetToken;
  /** The same that the client was given. */
  readonly deviceId?: string;
  readonly socket?: SocketFactory;
}

const HELLO_MS = 15_000;
const PING_MS = 30_000;
const IDLE_MS = 45_000;
const OPEN = 1;
const BAD_TOKEN = 4401;
const TOO_FAST = 4429;

/** Live events and sends by the gateway's frames (`chat.v1`), everything else by the API. */
export function gateway(options: GatewayOptions): Transport {
  return new Gateway(options);
}

class Gateway implements Transport {
  readonly followsEpochs = true;
  readonly #options: GatewayOptions;
  readonly #tokens: Tokens;
  readonly #prefix: string;
  /** The number of each room's subscription. */
  readonly #rooms = new Map<string, number>();
  /** The position of each room's last frame: from there a later connection goes on. */
  readonly #ats = new Map<string, string>();
  readonly #sends = new Sends();
  #listener: TransportListener | null = null;
  #socket: Socket | null = null;
  #token = '';
  #connection = 0;
  #isReady = false;
  /** The number under which the person's own events were asked for, and whether they come. */
  #mine = 0;
  #isMineLive = false;
  #afterMs = 0;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #renewing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#tokens = new Tokens(options.getToken);
    this.#prefix = prefixOf(options.prefix);
  }

  async call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    const asked: Operation<never, unknown> = operation;
    if (asked === sendMessageOperation && this.#isReady) {
      const { roomId: room, ...message } = variables as SendMessageVariables;
      const said = this.#sends.send((ref) => this.#say({ type: 'send', ref, room, ...message }));
      return (await said) as Answer | null;
    }
    let token = '';
    const authorize: Authorize = async (_, isRefused) => {
      token = await (isRefused ? this.#tokens.after(token) : this.#tokens.get());
      return { authorization: token };
    };
    return callHttp({ url: this.#options.apiUrl, prefix: this.#prefix, authorize }, operation, variables);
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
    const since = this.#ats.get(roomId);
    this.#say({ type: 'subscribe', room: roomId, receipts: true, typing: true, ...(since ? { since } : {}) });
  }

  delivered(roomId: string, seq: number): void {
    if (this.#rooms.has(roomId)) this.#say({ type: 'delivered', room: roomId, seq });
  }

  /** It comes by itself; whoever asks later is told whether it does already. */
  subscribeMine(_userId: string, _epoch: number, number: number): void {
    this.#mine = number;
    if (this.#isMineLive) this.#listener?.mineSubscribed(number);
  }

  here(status: PresenceStatus, watching: string | null): void {
    this.#say({ type: 'here', status, ...(watching === null ? {} : { watching }) });
  }

  unsubscribe(roomId: string): void {
    this.#ats.delete(roomId);
    if (this.#rooms.delete(roomId)) this.#say({ type: 'unsubscribe', room: roomId });
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
      socket.addEventListener('close', ({ code }) => isCurrent() && this.#closed(code, isAgain));
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
        if (number === undefined) return;
        this.#stand(room, frame.at);
        return this.#listener?.subscribed(room, number, frame.resumed === true);
      }
      case 'message':
      case 'change':
      case 'notice':
        return this.#heard(frame.message, room, frame.at);
      case 'typing':
        return this.#tell(onTypingOperation, frame.typing, (typing) => this.#listener?.typing(typing));
      case 'receipt':
        return this.#tell(onReceiptOperation, frame.receipt, (receipt) => this.#listener?.receipt(receipt));
      case 'mine':
        return this.#heardMine(frame);
      case 'ack':
        return this.#sends.answered(ref, readMessage(frame.message));
      case 'refused':
        return this.#refused(frame, room, ref);
      case 'reset':
        this.#stand(room, frame.at);
        return this.#listener?.missed(room);
      case 'removed':
        this.#ats.delete(room);
        return this.#listener?.left(room);
      case 'goingAway':
        this.#afterMs = Number(frame.reconnectAfterMs) || 0;
        return;
    }
  }

  #heardMine({ live, event }: Readonly<Record<string, unknown>>): void {
    if (typeof live === 'boolean') {
      this.#isMineLive = live;
      if (live) this.#listener?.mineSubscribed(this.#mine);
    } else this.#tell(onMineOperation, event, (heard) => this.#listener?.mine(heard));
  }

  /** What a frame has, if it has the shape that the schema gives it. */
  #tell<Value>(operation: Operation<never, Value>, value: unknown, hear: (value: Value) => void): void {
    try {
      const heard = checked(operation, value);
      if (heard) hear(heard);
    } catch {
      // nothing of ours
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

  /** What cannot be read is not passed over: the position stays before it. */
  #heard(value: unknown, room: string, at: unknown): void {
    const message = readMessage(value);
    if (!message) return;
    this.#stand(room, at);
    this.#listener?.live(message);
  }

  #stand(room: string, at: unknown): void {
    if (typeof at === 'string' && this.#rooms.has(room)) this.#ats.set(room, at);
  }

  #refused(frame: Readonly<Record<string, unknown>>, room: string, ref: string): void {
    const refusal = parseRefusal(String(frame.errorType ?? ''), String(frame.message ?? ''));
    if (this.#sends.refused(ref, refusal)) return;
    const number = this.#rooms.get(room);
    if (ref || number === undefined) return;
    if (refusal.code !== 'ServiceUnavailable') this.#ats.delete(room);
    this.#listener?.notSubscribed(room, number, refusal);
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
    this.#isReady = this.#isMineLive = false;
    this.#afterMs = 0;
    this.#rooms.clear();
    this.#socket?.close();
    this.#socket = null;
    this.#sends.clear();
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

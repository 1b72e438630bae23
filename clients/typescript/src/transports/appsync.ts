// AppSync itself: GraphQL over HTTP, and live events by its realtime protocol
// (https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html).
import { type Refusal, unauthorized, unreachable } from '../core/refusals.ts';
import {
  onMessageOperation,
  onMineOperation,
  onReceiptOperation,
  onTypingOperation,
} from '../wire/generated/operations.ts';
import { checked, type Operation } from '../wire/operation.ts';
import { fieldOf, prefixed, prefixOf } from '../wire/prefix.ts';
import { type Authorize, callHttp, firstError } from './http.ts';
import { realtimeProtocols, realtimeUrlOf } from './realtime.ts';
import { ACK_MS, Subscriptions } from './subscriptions.ts';
import { type GetToken, Tokens } from './tokens.ts';
import {
  browserSocket,
  frameOf,
  isRecord,
  type Socket,
  type SocketFactory,
  type Transport,
  type TransportListener,
} from './transport.ts';

export { realtimeUrlOf } from './realtime.ts';

/** Signs a request (Signature Version 4): the headers for a POST of `body` to `url`. */
export type Sign = (request: {
  readonly url: string;
  readonly body: string;
}) => Promise<Record<string, string>>;

/** Where the API is, and who asks: `getToken` or `sign`. */
export interface AppSyncOptions {
  /** The GraphQL endpoint, AppSync's own or a custom domain's. */
  readonly url: string;
  /** The realtime endpoint, where it is not where AppSync puts it. */
  readonly realtimeUrl?: string;
  /** The prefix of the chat's fields and types, where its schema is part of a larger one: `Chat` for `chatMessages`. */
  readonly prefix?: string;
  /** A token for Cognito, OpenID Connect or the Lambda authorizer. */
  readonly getToken?: GetToken;
  /** In place of a token: IAM. */
  readonly sign?: Sign;
  readonly socket?: SocketFactory;
}

const IDLE_MS = 300_000;
const OPEN = 1;

/** Of the person, and of no room. */
const MINE = 'mine/';
const room = (roomId: string) => `room/${roomId}`;

/** AppSync itself, or the API of `make run`. */
export function appsync(options: AppSyncOptions): Transport {
  return new AppSync(options);
}

class AppSync implements Transport {
  readonly followsEpochs = false;
  readonly #options: AppSyncOptions;
  readonly #tokens: Tokens | null;
  readonly #realtimeUrl: string;
  readonly #prefix: string;
  readonly #host: string;
  readonly #subscriptions: Subscriptions;
  #listener: TransportListener | null = null;
  #socket: Socket | null = null;
  #isReady = false;
  #idleMs = IDLE_MS;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #token: string | null = null;
  /** Tells a connection's events from those of the ones before. */
  #connection = 0;

  constructor(options: AppSyncOptions) {
    this.#options = options;
    this.#tokens = options.getToken ? new Tokens(options.getToken) : null;
    this.#realtimeUrl = options.realtimeUrl ?? realtimeUrlOf(options.url);
    this.#prefix = prefixOf(options.prefix);
    this.#host = new URL(options.url).host;
    this.#subscriptions = new Subscriptions({
      send: (frame) => this.#send(frame),
      connection: () => this.#connection,
      authorize: (body, isAgain) => this.#authorization(body, '', isAgain),
      hasFresh: this.#tokens !== null,
      textOf: (operation) => prefixed(operation, this.#prefix).text,
    });
  }

  async call<Variables, Answer>(operation: Operation<Variables, Answer>, variables: Variables) {
    const { url } = this.#options;
    let token = '';
    const authorize: Authorize = async (body, isRefused) => {
      if (!this.#tokens) return this.#signed(url, body);
      token = await (isRefused ? this.#tokens.after(token) : this.#tokens.get());
      return { authorization: token };
    };
    return callHttp({ url, prefix: this.#prefix, authorize }, operation, variables);
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

  subscribe(roomId: string, epoch: number, number: number): void {
    this.unsubscribe(roomId);
    const wanted = { about: room(roomId), variables: { roomId, epoch }, number };
    void this.#subscriptions.start({
      ...wanted,
      operation: onMessageOperation,
      started: () => {
        this.#listener?.subscribed(roomId, number);
        // Who is writing and who has read is worth no second try: the room's next subscription brings them again.
        for (const operation of [onTypingOperation, onReceiptOperation]) {
          void this.#subscriptions.start({ ...wanted, operation, started: () => {}, refused: () => {} });
        }
      },
      refused: (refusal) => this.#listener?.notSubscribed(roomId, number, refusal),
    });
  }

  unsubscribe(roomId: string): void {
    this.#subscriptions.end(room(roomId));
  }

  subscribeMine(userId: string, epoch: number, number: number): void {
    this.#subscriptions.end(MINE);
    void this.#subscriptions.start({
      about: MINE,
      operation: onMineOperation,
      variables: { userId, epoch },
      number,
      started: () => this.#listener?.mineSubscribed(number),
      refused: (refusal) => this.#listener?.mineNotSubscribed(number, refusal),
    });
  }

  /** Connect; `isAgain`: with a fresh token, since the one before was refused. */
  async #open(isAgain: boolean): Promise<void> {
    this.#connection += 1;
    const connection = this.#connection;
    const isCurrent = () => connection === this.#connection;
    try {
      const header = await this.#authorization('{}', '/connect', isAgain);
      if (!isCurrent()) return;
      const socket = (this.#options.socket ?? browserSocket)(this.#realtimeUrl, realtimeProtocols(header));
      this.#socket = socket;
      socket.addEventListener('open', () => isCurrent() && socket.send('{"type":"connection_init"}'));
      socket.addEventListener('message', ({ data }) => isCurrent() && this.#take(frameOf(data), isAgain));
      socket.addEventListener('close', () => isCurrent() && this.#down(unreachable()));
      socket.addEventListener('error', () => {}); // a close follows
      this.#expect(ACK_MS);
    } catch {
      if (isCurrent()) this.#down(unreachable());
    }
  }

  #take(frame: Readonly<Record<string, unknown>> | null, isAgain: boolean): void {
    if (!frame) return;
    const id = String(frame.id ?? '');
    const payload = isRecord(frame.payload) ? frame.payload : {};
    if (this.#isReady) this.#expect(this.#idleMs);
    switch (frame.type) {
      case 'connection_ack':
        this.#isReady = true;
        this.#idleMs = Math.max(60_000, Number(payload.connectionTimeoutMs) || IDLE_MS);
        this.#expect(this.#idleMs);
        return this.#listener?.up();
      case 'connection_error':
        return this.#refused(payload, isAgain);
      case 'start_ack':
        return this.#subscriptions.started(id);
      case 'data':
        return this.#heard(payload);
      case 'error':
        return this.#subscriptions.notStarted(id, firstError(payload.errors));
      case 'complete':
        return this.#subscriptions.ended(id, unreachable('the server ended the subscription'));
    }
  }

  /** The connection's token is not accepted: once more with a fresh one. */
  #refused(payload: Readonly<Record<string, unknown>>, isAgain: boolean): void {
    const error = firstError(payload.errors);
    const first: unknown = Array.isArray(payload.errors) ? payload.errors[0] : payload.errors;
    const isToken =
      (isRecord(first) && first.errorCode === 401) || /Unauthorized/.test(error?.errorType ?? '');
    if (!isToken) return this.#down(unreachable(error?.message ?? ''));
    if (isAgain || !this.#tokens) return this.#down(unauthorized(error?.message ?? ''));
    this.#drop();
    void this.#open(true);
  }

  #heard(payload: Readonly<Record<string, unknown>>): void {
    const data = isRecord(payload.data) ? payload.data : {};
    const said = <Value>(operation: Operation<never, Value>) =>
      checked(operation, data[fieldOf(operation.field, this.#prefix)]);
    try {
      const message = said(onMessageOperation);
      if (message) this.#listener?.live(message);
      const event = said(onMineOperation);
      if (event) this.#listener?.mine(event);
      const typing = said(onTypingOperation);
      if (typing) this.#listener?.typing(typing);
      const receipt = said(onReceiptOperation);
      if (receipt) this.#listener?.receipt(receipt);
    } catch {
      // What cannot be read is found when heads are compared.
    }
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === OPEN && this.#isReady) this.#socket.send(JSON.stringify(frame));
  }

  /** Something must come within so long, or the connection is taken for dead. */
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
    this.#subscriptions.clear();
    this.#isReady = false;
    this.#socket?.close();
    this.#socket = null;
  }

  async #authorization(body: string, path: string, isRefused: boolean): Promise<Record<string, string>> {
    if (!this.#tokens) return this.#signed(`${this.#options.url}${path}`, body);
    const token = isRefused ? this.#tokens.after(this.#token ?? '') : this.#tokens.get();
    this.#token = await token;
    return { host: this.#host, Authorization: this.#token };
  }

  async #signed(url: string, body: string): Promise<Record<string, string>> {
    if (!this.#options.sign) throw new Error('either getToken or sign is needed');
    return this.#options.sign({ url, body });
  }
}

import type { Socket, TransportListener } from '../src/transports/transport.ts';

interface Heard {
  readonly data: unknown;
  readonly code: number;
}
type Listener = (event: Heard) => void;

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  readyState = 0;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly sent: Record<string, unknown>[] = [];
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  open(): void {
    this.readyState = 1;
    this.#tell('open', {});
  }

  say(frame: unknown): void {
    this.#tell('message', { data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  lose(code = 1006): void {
    this.readyState = 3;
    this.#tell('close', { code });
  }

  #tell(type: string, event: Partial<Heard>): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data: null, code: 0, ...event });
  }
}

/** Sockets as they are asked for, and what a listener was told, in words. */
export class Wire {
  readonly sockets: FakeSocket[] = [];
  readonly told: unknown[][] = [];
  readonly factory = (url: string, protocols: string[]) => {
    const socket = new FakeSocket(url, protocols);
    this.sockets.push(socket);
    return socket;
  };
  readonly listener: TransportListener = {
    up: () => this.told.push(['up']),
    down: ({ code }) => this.told.push(['down', code]),
    subscribed: (...said) => this.told.push(['subscribed', ...said]),
    notSubscribed: (roomId, number, { code }) => this.told.push(['notSubscribed', roomId, number, code]),
    live: ({ id }) => this.told.push(['live', id]),
    missed: (roomId) => this.told.push(['missed', roomId]),
    left: (roomId) => this.told.push(['left', roomId]),
    typing: ({ roomId, userId }) => this.told.push(['typing', roomId, userId]),
    receipt: ({ roomId, userId, readSeq }) => this.told.push(['receipt', roomId, userId, readSeq]),
    mineSubscribed: (number) => this.told.push(['mineSubscribed', number]),
    mineNotSubscribed: (number, { code }) => this.told.push(['mineNotSubscribed', number, code]),
    mine: ({ id, kind }) => this.told.push(['mine', id, kind]),
  };

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('no socket was asked for');
    return last;
  }

  /** What was told since the last time. */
  get news(): unknown[][] {
    return this.told.splice(0);
  }
}

/** Whatever is ready to run has run. */
export async function settled(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
}

/** A JWT that ends at this instant (milliseconds); nobody has signed it. */
export function jwt(endsAt: number, name = 'x'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: name, exp: Math.floor(endsAt / 1_000) })}.${name}`;
}

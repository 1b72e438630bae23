// What stands between a browser and the chat: a server of the page, and a link that can be cut.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>chat</title>
<ol id="messages"></ol><ol id="pending"></ol><script src="page.js"></script></html>`;

const listening = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A script with everything that it imports, as a browser or Node loads it. */
export async function bundled(entry: URL, platform: 'browser' | 'node' = 'browser'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: platform === 'node' ? 'cjs' : 'iife',
    target: 'es2022',
    platform,
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** The address of a page with one script, and how to end its server. */
export async function served(
  port: number,
  entry = new URL('page.ts', import.meta.url),
  html = HTML,
): Promise<{ readonly url: string; close(): void }> {
  const script = await bundled(entry);
  const server = createHttpServer((request, response) => {
    const isScript = request.url?.endsWith('.js');
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(isScript ? script : html);
  });
  const url = `http://127.0.0.1:${await listening(server, port)}/`;
  return { url, close: () => server.close() };
}

/** A way over TCP to an address on this machine, until it is cut: then every connection is lost, and none comes to be. */
export class Link {
  /** The address, by this way. */
  readonly url: string;
  #isCut = false;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, server: Server, sockets: Set<Socket>, accept: (link: Link) => void) {
    this.url = url;
    this.#server = server;
    this.#sockets = sockets;
    accept(this);
  }

  static async to(url: string): Promise<Link> {
    const at = new URL(url);
    const sockets = new Set<Socket>();
    const server = createServer();
    const target = Number(at.port);
    at.port = String(await listening(server));
    return new Link(at.href, server, sockets, (link) =>
      server.on('connection', (near) =>
        link.#isCut ? near.resetAndDestroy() : joined(near, target, sockets),
      ),
    );
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

function joined(near: Socket, port: number, sockets: Set<Socket>): void {
  const far = connect({ port, host: '127.0.0.1', noDelay: true });
  near.setNoDelay(true);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    sockets.add(one);
    one.on('error', () => {}); // `close` follows
    one.on('close', () => {
      sockets.delete(one);
      other.destroy();
    });
    one.pipe(other);
  }
}

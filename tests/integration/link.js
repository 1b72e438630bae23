// A link that can be cut: a TCP proxy on this machine's loopback.
import { connect, createServer } from 'node:net';

/** Listens on a free port and passes everything on to `url`. */
export async function openLink(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    cut() {
      isCut = true;
      drop();
    },
    restore() {
      isCut = false;
    },
    close() {
      drop();
      server.close();
    },
  };
}

/** A journey over a link that it may cut. */
export async function withLink(given, journey) {
  const link = await openLink(given.url);
  try {
    await journey(given, link);
  } finally {
    link.close();
  }
}

// A way over TCP to a server of this machine that can be cut: then every connection is lost, and none comes to be.
import { connect, createServer } from 'node:net';

export class Link {
  #isCut = false;
  #sockets = new Set();
  #server;

  /** A way to this port. */
  static async to(target) {
    const link = new Link();
    link.#server = createServer((socket) => link.#carry(socket, target));
    await new Promise((resolve) => link.#server.listen(0, '127.0.0.1', resolve));
    link.port = link.#server.address().port;
    return link;
  }

  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore() {
    this.#isCut = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #carry(socket, target) {
    if (this.#isCut) return socket.destroy();
    const other = connect(target, '127.0.0.1');
    for (const [one, end] of [
      [socket, other],
      [other, socket],
    ]) {
      this.#sockets.add(one);
      one.pipe(end);
      one.on('error', () => end.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        end.destroy();
      });
    }
  }
}

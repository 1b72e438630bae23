// Which sockets the transports take, as they are: what does not fit does not compile.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import NodeSocket, { WebSocketServer } from 'ws';

import type { SocketFactory } from '../src/index.ts';
import { appsync } from '../src/transports/appsync.ts';
import { gateway } from '../src/transports/gateway.ts';

/** The package `ws`. */
const ofNode: SocketFactory = (url, protocols) => new NodeSocket(url, protocols);
/** The platform's own. */
const ofPlatform: SocketFactory = (url, protocols) => new WebSocket(url, protocols);
// @ts-expect-error: what says nothing is no socket
const ofNobody: SocketFactory = () => ({ readyState: 1, send: () => {}, close: () => {} });

test('the package ws talks through each transport', async () => {
  expect([ofPlatform, ofNobody]).toHaveLength(2);
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false });
  const heard: string[] = [];
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data));
      heard.push(type);
      if (type === 'connection_init') socket.send('{"type":"connection_ack","payload":{}}');
      if (type === 'auth') socket.send('{"type":"hello"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/graphql`;
  const getToken = () => 'token';
  const transports = [
    appsync({ url, getToken, socket: ofNode }),
    gateway({ url: `ws://127.0.0.1:${port}/ws`, apiUrl: url, getToken, socket: ofNode }),
  ];
  for (const transport of transports) {
    await new Promise<void>((up, down) => {
      const nothing = () => {};
      transport.connect({
        up,
        down: ({ code }) => down(new Error(code)),
        subscribed: nothing,
        notSubscribed: nothing,
        live: nothing,
        missed: nothing,
        left: nothing,
        typing: nothing,
        receipt: nothing,
        mineSubscribed: nothing,
        mineNotSubscribed: nothing,
        mine: nothing,
      });
    });
    transport.disconnect();
  }
  expect(heard).toEqual(['connection_init', 'auth']);
  sockets.close();
  server.close();
});

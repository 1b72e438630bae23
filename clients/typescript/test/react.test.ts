// @vitest-environment happy-dom
import { act, createElement, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { ChatClient } from '../src/client.ts';
import { ChatProvider, useConnection, useReadMarks, useRoom, useRooms } from '../src/react.ts';
import { ModelServer } from './model/server.ts';
import { ModelTransport } from './model/transport.ts';
import { ROOM } from './support.ts';

vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);

let root: Root | null = null;

afterEach(async () => {
  await act(async () => root?.unmount());
  root = null;
});

function chat() {
  const server = new ModelServer();
  const room = server.room(ROOM, 'me', 'other');
  const client = new ChatClient({ userId: 'me', transport: new ModelTransport(server, 'me') });
  return { server, room, client };
}

let renders = 0;
let room: ReturnType<typeof useRoom> | null = null;

function Room({ id }: { readonly id: string }) {
  room = useRoom(id);
  renders += 1;
  const { messages, pending } = room;
  return createElement('p', null, [...messages, ...pending].map(({ text }) => text).join(' '));
}

function Reading() {
  const { messages } = useRoom(ROOM);
  useReadMarks(ROOM, messages.at(-1)?.seq ?? null);
  return null;
}

function Rooms() {
  const rooms = useRooms().map(({ roomId }) => roomId);
  return createElement('i', null, `${useConnection().connection}: ${rooms}`);
}

const page = (client: ChatClient, ...children: ReturnType<typeof createElement>[]) =>
  createElement(StrictMode, null, createElement(ChatProvider, { client }, ...children));

const passed = (ms: number) =>
  act(async () => void (await new Promise((resolve) => setTimeout(resolve, ms))));

async function shown(client: ChatClient, ...children: ReturnType<typeof createElement>[]) {
  const element = document.createElement('div');
  root = createRoot(element);
  await act(async () => root?.render(page(client, ...children)));
  const html = async (expected: string) => {
    for (let n = 0; n < 400 && element.innerHTML !== expected; n += 1) {
      await passed(5);
    }
    expect(element.innerHTML).toBe(expected);
  };
  return { element, html };
}

describe('in React, in strict mode', () => {
  test('a room shows what is sent and heard, and renders for nothing else', async () => {
    const { server, room: there, client } = chat();
    const { html } = await shown(client, createElement(Room, { id: ROOM, key: 'a' }));
    await html('<p></p>');
    await act(async () => void room?.send('hello'));
    await html('<p>hello</p>');
    for (let n = 0; n < 400 && there.messages.length === 0; n += 1) await passed(5);
    server.send('other', there, { text: 'you' });
    await html('<p>hello you</p>');
    expect(there.messages).toHaveLength(2);
    await passed(50);
    const before = renders;
    server.room('elsewhere', 'me');
    await act(async () => client.read(ROOM, 2));
    await passed(50);
    expect(renders).toBe(before);
  });

  test('rooms and the connection are shown', async () => {
    const { client } = chat();
    const { html } = await shown(client, createElement(Rooms, { key: 'a' }));
    await html(`<i>online: ${ROOM}</i>`);
  });

  test('a room stays open while anybody shows it, is read once, and is closed after the last', async () => {
    const { server, client } = chat();
    const two = ['a', 'b'].map((key) => createElement(Room, { id: ROOM, key }));
    const { element } = await shown(client, ...two);
    for (let n = 0; n < 200 && client.getRoom(ROOM).status !== 'live'; n += 1) await passed(5);
    await act(async () => root?.render(page(client, ...two.slice(1))));
    await passed(20);
    expect(client.getRoom(ROOM).status).toBe('live');
    expect(server.calls.get('messages')).toBe(1);
    await act(async () => root?.render(page(client)));
    await passed(20);
    expect([element.innerHTML, client.getRoom(ROOM).messages, server.subscriptions.size]).toEqual([
      '',
      [],
      0,
    ]);
  });

  test('what is on the screen is marked as read, as long as it is', async () => {
    const { server, room: there, client } = chat();
    server.send('other', there, { text: 'one' });
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
    await shown(client, createElement(Reading, { key: 'a' }));
    for (let n = 0; n < 400 && there.readSeq.get('me') !== 1; n += 1) await passed(5);
    expect(there.readSeq.get('me')).toBe(1);
    await act(async () => root?.render(page(client, createElement(Room, { id: ROOM, key: 'b' }))));
    server.send('other', there, { text: 'two' });
    for (let n = 0; n < 400 && client.getRoom(ROOM).messages.length < 2; n += 1) await passed(5);
    expect(there.readSeq.get('me')).toBe(1);
  });

  test('a server renders what nothing is known of yet', () => {
    const { client } = chat();
    const html = renderToString(
      page(client, createElement(Room, { id: ROOM, key: 'a' }), createElement(Rooms, { key: 'b' })),
    );
    expect(html).toBe('<p></p><i>offline: </i>');
  });
});

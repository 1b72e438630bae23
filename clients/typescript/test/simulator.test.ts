// The client with the real functions behind it, over both transports: `make prove-client` starts them, and says where
// they are by CHAT_URL, CHAT_GATEWAY and CHAT_TOKENS (JSON by user, an administrator's first).
import { IDBFactory } from 'fake-indexeddb';
import { afterAll, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';

import { ChatClient } from '../src/client.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import type { OutboxStorage } from '../src/storage/storage.ts';
import { appsync } from '../src/transports/appsync.ts';
import { gateway } from '../src/transports/gateway.ts';
import type { SocketFactory, Transport } from '../src/transports/transport.ts';
import type { Message } from '../src/wire/generated/types.ts';
import { FaultyTransport } from './model/faulty.ts';
import { chosen, seeded } from './model/random.ts';
import { API, GATEWAY, made, OTHER, OWNER, SEED, stored, tokenOf } from './real.ts';

const HISTORIES = Number(process.env.REAL_HISTORIES ?? 20);
const TEN_SENDS = 10;
const AT_ONCE = 3;

const socket: SocketFactory = (url, protocols) => new WebSocket(url, protocols);
const running: ChatClient[] = [];

const TRANSPORTS: Record<string, (user: string) => Transport> = {
  appsync: (user) => appsync({ url: API, getToken: tokenOf(user), socket }),
  ...(GATEWAY
    ? { gateway: (user) => gateway({ url: GATEWAY, apiUrl: API, getToken: tokenOf(user), socket }) }
    : {}),
};

afterAll(() => {
  for (const client of running) client.stop();
});

type Numbered = { readonly n: number; readonly text: string };

/** A storage that notes in the log what it has numbered. */
function logged(storage: OutboxStorage, log: Numbered[]): OutboxStorage {
  return {
    load: (roomId) => storage.load(roomId),
    file: (key) => storage.file(key),
    clear: () => storage.clear(),
    revise: (id, change) => storage.revise(id, change),
    add: async (entry, replaces, files) => {
      const stored = await storage.add(entry, replaces, files);
      if (stored) log.push({ n: stored.n, text: ('text' in stored && stored.text) || '' });
      return stored;
    },
  };
}

function started(
  userId: string,
  transport: Transport,
  roomId: string,
  indexedDB = new IDBFactory(),
  log: Numbered[] = [],
) {
  const client = new ChatClient({
    userId,
    transport,
    storage: logged(indexedDbStorage({ userId, indexedDB }), log),
    syncs: false,
  });
  running.push(client);
  client.start();
  client.open(roomId);
  return client;
}

const until = (what: () => void, timeout = 60_000) => vi.waitFor(what, { timeout, interval: 2 });
const textsOf = (client: ChatClient, roomId: string, word = '') =>
  client
    .getRoom(roomId)
    .messages.map(({ text }) => text ?? '')
    .filter((text) => text.startsWith(word));

describe.skipIf(!API).each(Object.entries(TRANSPORTS))(
  'with the real functions, over %s',
  (name, transport) => {
    test('what one sends another hears, in order, edited and removed', { timeout: 60_000 }, async () => {
      const roomId = await made();
      const alice = started(OWNER, transport(OWNER), roomId);
      const bob = started(OTHER, transport(OTHER), roomId);
      for (const client of [alice, bob])
        await until(() => expect(client.getRoom(roomId).status).toBe('live'));
      const delays: number[] = [];
      const sentAt = new Map<string, number>();
      const seen = new Set<string>();
      bob.subscribe(() => {
        for (const text of textsOf(bob, roomId)) {
          if (!seen.has(text)) delays.push(performance.now() - (sentAt.get(text) ?? 0));
          seen.add(text);
        }
      });
      for (let n = 0; n < 40; n += 1) {
        sentAt.set(`m ${n}`, performance.now());
        alice.send(roomId, `m ${n}`);
        await until(() => expect(textsOf(bob, roomId)).toHaveLength(n + 1));
      }
      delays.sort((a, b) => a - b);
      const at = (part: number) => delays[Math.floor(delays.length * part)]?.toFixed(0);
      console.log(`${name}: send to the other's store, 40 messages: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
      expect(textsOf(bob, roomId)).toEqual([...sentAt.keys()]);
      const [first, second] = alice.getRoom(roomId).messages;
      await alice.edit(roomId, first?.id ?? '', 'edited');
      await alice.remove(roomId, second?.id ?? '');
      await until(() => expect(textsOf(bob, roomId).slice(0, 3)).toEqual(['edited', '', 'm 2']));
      expect(bob.getRoom(roomId).messages[1]?.removedAt).toBeTruthy();
    });

    test('any history of sends and faults ends as the server has it', { timeout: 3_600_000 }, async () => {
      const rooms = await Promise.all(Array.from({ length: AT_ONCE }, () => made()));
      const faults = new Map<string, number>();
      const began = performance.now();
      const line = async (roomId: string, first: number) => {
        for (let n = first; n < HISTORIES; n += AT_ONCE)
          await history(roomId, SEED + n, n, transport, faults);
      };
      await Promise.all(rooms.map(line));
      const counts = [...faults].map(([what, count]) => `${what}:${count}`).join(' ');
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      console.log(`${name}: ${HISTORIES} histories, seeds ${SEED} and on, ${seconds} s; faults ${counts}`);
    });
  },
);

/** What a message says: a page does not ask for what only live events have, and has it not as null either. */
const said = (message: Message) =>
  Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));

/** Two tabs of one person, one of another; ten sends and more, three faults and more, and then a calm. */
async function history(
  roomId: string,
  seed: number,
  n: number,
  transport: (user: string) => Transport,
  faults: Map<string, number>,
): Promise<void> {
  const random = seeded(seed);
  const database = new IDBFactory();
  const word = `${n}/`;
  const log: Numbered[] = [];
  const composed = new Map<ChatClient, string[]>();
  const tabs: { client: ChatClient; wire: FaultyTransport }[] = [];
  const wires: FaultyTransport[] = [];
  const open = (user: string, indexedDB?: IDBFactory) => {
    const wire = new FaultyTransport(transport(user), random);
    wires.push(wire);
    return { client: started(user, wire, roomId, indexedDB, log), wire };
  };
  tabs.push(open(OWNER, database), open(OWNER, database));
  const bob = open(OTHER);
  for (const { client } of [...tabs, bob])
    await until(() => expect(client.getRoom(roomId).status).toBe('live'));
  const total = TEN_SENDS + Math.floor(random() * 6);
  for (let sent = 0; sent < total; sent += 1) {
    const { client } = chosen(tabs, random) ?? bob;
    client.send(roomId, `${word}${sent}`);
    composed.set(client, [...(composed.get(client) ?? []), `${word}${sent}`]);
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    if (random() < 0.05) chosen([...tabs, bob], random)?.wire.cut();
    if (random() < 0.05) {
      const [closed] = tabs.splice(Math.floor(random() * 2), 1, open(OWNER, database));
      closed?.client.stop();
    }
  }
  while (wires.reduce((sum, wire) => sum + [...wire.faults.values()].reduce((a, b) => a + b, 0), 0) < 3)
    bob.wire.cut();
  for (const wire of wires) wire.isFaulty = false;
  // What was dropped last is found by the next heartbeat, half a minute later: here by a new connection.
  const all = [...tabs, bob];
  await until(() => {
    for (const { client } of tabs) expect(client.getRoom(roomId).pending).toEqual([]);
  });
  for (const { wire } of all) wire.cut();
  // What a tab stored after it was closed the others find with their next heartbeat: there are no `tabs` here.
  let kept: readonly Message[] = [];
  const areStored = async () => {
    kept = (await stored(roomId, 100)).filter(({ text }) => text?.startsWith(word));
    expect(kept).toHaveLength(total);
  };
  await vi.waitFor(areStored, { timeout: 60_000, interval: 250 });
  const texts = kept.map(({ text }) => text ?? '');
  log.sort((a, b) => a.n - b.n);
  expect(texts).toEqual(log.map(({ text }) => text)); // of all tabs, as the storage has numbered them
  for (const own of composed.values()) expect(texts.filter((text) => own.includes(text))).toEqual(own);
  for (const { client } of all) {
    await until(() => expect(client.getRoom(roomId).status).toBe('live'));
    const shown = client.getRoom(roomId).messages.filter(({ text }) => text?.startsWith(word));
    expect(shown.map(said)).toEqual(kept.map(said));
  }
  for (const { client } of all) client.stop();
  for (const wire of wires)
    for (const [what, count] of wire.faults) faults.set(what, (faults.get(what) ?? 0) + count);
}

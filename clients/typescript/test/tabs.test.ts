// Up to four tabs of one person in virtual time, which are opened, closed, killed, frozen and thawed, and lose the
// network: with locks one of them leads, without each is by itself; what is stored and shown is the same. TABS_HISTORIES
// and SEED choose how many, and which.
import { expect, test } from 'vitest';

import { seeded } from './model/random.ts';
import { Browser, type SharedTab } from './model/tabs.ts';
import { ME, World } from './model/world.ts';

const COUNT = Number(process.env.TABS_HISTORIES ?? 300);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const ROOMS = ['general', 'GUILD#dragons'];
const DOES = [
  'send',
  'send',
  'send',
  'others',
  'open',
  'close',
  'kill',
  'freeze',
  'thaw',
  'cut',
  'network',
] as const;

function made(seed: number, hasLocks: boolean) {
  const world = new World(seed);
  const browser = new Browser(world, hasLocks);
  const rooms = ROOMS.map((id) => world.server.room(id, ME, 'other'));
  return { world, browser, rooms };
}

const open = (world: World, rooms = ROOMS) => world.open(...rooms) as SharedTab;
const tabsOf = (world: World) => world.tabs as SharedTab[];

function network(world: World, isOnline: boolean): void {
  for (const tab of world.tabs) {
    tab.isLinked = isOnline;
    tab.feed({ type: 'network', isOnline });
    if (!isOnline) tab.cut();
  }
}

/** One history. Returns what was done. */
function play(seed: number, hasLocks: boolean): Map<string, number> {
  const random = seeded(seed);
  const { world, rooms } = made(seed, hasLocks);
  const counts = new Map<string, number>();
  const shown = new Set<string>();
  let isOnline = true;
  world.inspect = ({ core }) => {
    for (const id of ROOMS) for (const each of core.getRoom(id).pending) shown.add(each.clientMessageId);
    const awake = tabsOf(world).filter((tab) => tab.isUp && !tab.isFrozen);
    const isTold = !world.pieces.some(({ line }) => line?.startsWith('lock'));
    if (hasLocks && isTold && awake.length > 1) throw new Error(`${awake.length} connections`);
  };
  open(world);
  let sends = 0;
  for (let n = 0; n < 40 || sends < 10; n += 1) {
    const does = DOES[Math.floor(random() * DOES.length)] ?? 'send';
    const tab = tabsOf(world)[Math.floor(random() * world.tabs.length)];
    const roomId = ROOMS[Math.floor(random() * 2)] ?? '';
    const room = world.server.rooms.get(roomId);
    if (!tab || !room) throw new Error('there is always a tab');
    counts.set(does, (counts.get(does) ?? 0) + 1);
    if (does === 'send' && !tab.isFrozen) {
      sends += 1;
      const id = `c${sends}`;
      tab.feed({ type: 'compose', message: { roomId, text: id, clientMessageId: id } });
    } else if (does === 'others') world.server.send('other', room, { text: `theirs ${n}` });
    else if (does === 'open' && world.tabs.length < 4) {
      open(world, random() < 0.5 ? ROOMS : [roomId]).isLinked = isOnline;
    } else if (does === 'close' && world.tabs.length > 1 && !tab.isFrozen) tab.close();
    else if (does === 'kill') {
      world.kill(tab);
      if (world.tabs.length === 0) open(world).isLinked = isOnline;
    } else if (does === 'freeze') tab.isFrozen = true;
    else if (does === 'thaw') for (const each of world.tabs) each.isFrozen = false;
    else if (does === 'cut') tab.cut();
    else if (does === 'network') {
      isOnline = !isOnline;
      network(world, isOnline);
    }
    for (let steps = Math.floor(random() * 30); steps > 0; steps -= 1) world.step();
  }
  for (const tab of world.tabs) tab.isFrozen = false;
  network(world, true);
  world.settle(130_000);
  if (world.storage.entries.length) throw new Error(`${world.storage.entries[0]?.clientMessageId} waits`);
  for (const room of rooms) {
    const mine = room.messages.filter(({ senderId }) => senderId === ME).map((each) => each.clientMessageId);
    expect(mine).toEqual(world.storage.log.get(room.id) ?? []);
    for (const tab of tabsOf(world).filter((each) => each.rooms.includes(room.id))) {
      expect(tab.core.getRoom(room.id)).toMatchObject({ status: 'live', pending: [], drafts: [] });
      const held = tab.core.getRoom(room.id).messages;
      expect(held).toEqual(room.messages.slice(room.messages.length - held.length));
      expect(held.length).toBe(Math.min(room.messages.length, Math.max(held.length, 50)));
    }
  }
  for (const id of shown) {
    expect(rooms.some(({ messages }) => messages.some((each) => each.clientMessageId === id))).toBe(true);
  }
  const heads = tabsOf(world).map(({ core }) =>
    core.list?.rooms.map(({ roomId, head }) => [roomId, head]).sort(),
  );
  for (const each of heads) expect(each).toEqual(heads[0]);
  if (hasLocks) expect(tabsOf(world).filter(({ isUp }) => isUp)).toHaveLength(1);
  return counts;
}

test.each([true, false])('any history of tabs ends right, locks: %s', { timeout: 60_000 }, (hasLocks) => {
  const random = seeded(SEED);
  const all = new Map<string, number>();
  for (let n = 0; n < COUNT; n += 1) {
    const seed = Math.floor(random() * 2 ** 31);
    try {
      for (const [does, count] of play(seed, hasLocks)) all.set(does, (all.get(does) ?? 0) + count);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
  console.log(`${COUNT} histories of tabs, locks: ${hasLocks}, seed ${SEED}`, Object.fromEntries(all));
});

/** What tabs ask within ten minutes in which twenty messages are sent. */
function asked(tabs: number, hasLocks: boolean) {
  const { world, browser } = made(1, hasLocks);
  for (let n = 0; n < tabs; n += 1) open(world);
  let connections = 0;
  world.inspect = () => {
    connections = Math.max(connections, world.tabs.filter(({ isUp }) => isUp).length);
  };
  for (let n = 0; n < 20; n += 1) {
    const id = `c${n}`;
    const message = { roomId: ROOMS[n % 2] ?? '', text: id, clientMessageId: id };
    world.tabs[n % tabs]?.feed({ type: 'compose', message });
    world.settle(30_000);
  }
  const of = (field: string) => browser.calls.get(field) ?? 0;
  const all = [...browser.calls.values()].reduce((sum, count) => sum + count, 0);
  return {
    connections,
    heartbeats: of('heartbeat'),
    syncs: of('sync'),
    sends: of('sendMessage'),
    all,
    strays: browser.strays,
  };
}

test('three tabs with a lock ask little more than one', () => {
  const one = asked(1, true);
  const three = asked(3, true);
  const alone = asked(3, false);
  console.table({
    'one tab': one,
    'one tab, no locks': asked(1, false),
    'three tabs': three,
    'three, no locks': alone,
  });
  expect(three).toMatchObject({
    connections: 1,
    sends: 20,
    heartbeats: one.heartbeats,
    strays: 0,
  });
  expect(three.syncs).toBeLessThanOrEqual(one.syncs + 1);
  expect(alone.connections).toBe(3);
});

test.each([
  ['closed', (_: World, tab: SharedTab) => tab.close(), 1_000],
  ['killed', (world: World, tab: SharedTab) => world.kill(tab), 1_000],
  [
    'frozen',
    (_: World, tab: SharedTab) => {
      tab.isFrozen = true;
    },
    2_000,
  ],
] as const)('another tab takes over from one that is %s', (_name, ends, most) => {
  const { world, rooms } = made(1, true);
  const leader = open(world);
  world.settle(5_000);
  const [second, third] = [open(world), open(world)];
  world.settle(5_000);
  expect([leader.isUp, second.isUp, third.isUp]).toEqual([true, false, false]);
  const began = world.elapsed;
  ends(world, leader);
  third.feed({ type: 'compose', message: { roomId: 'general', text: 'x', clientMessageId: 'x' } });
  let took = Number.NaN;
  world.inspect = () => {
    if (Number.isNaN(took) && rooms[0]?.messages.length && (second.isUp || third.isUp))
      took = world.elapsed - began;
  };
  world.settle(10_000);
  console.log(`${_name}: taken over and sent after ${took} ms of virtual time`);
  expect(took).toBeLessThanOrEqual(most);
  leader.isFrozen = false;
  world.settle(5_000);
  expect(world.tabs.filter(({ isUp }) => isUp)).toHaveLength(1);
});

test('a room is subscribed to once, as long as any tab has it open', () => {
  const { world } = made(1, true);
  const [first, second] = [open(world, ['general']), open(world)];
  world.settle(2_000);
  const subscribed = () => [...world.server.subscriptions].map(({ roomId }) => roomId).sort();
  expect(subscribed()).toEqual(['GUILD#dragons', 'general']);
  first.feed({ type: 'close', roomId: 'general' });
  world.settle(1_000);
  expect(subscribed()).toEqual(['GUILD#dragons', 'general']);
  second.close();
  world.settle(1_000);
  expect(subscribed()).toEqual([]);
});

test('a tab that was killed is forgotten after three heartbeats', () => {
  const { world } = made(1, true);
  const [, second] = [open(world, ['general']), open(world)];
  world.settle(2_000);
  world.kill(second);
  world.settle(120_000);
  expect([...world.server.subscriptions].map(({ roomId }) => roomId)).toEqual(['general']);
});

test('what comes live to the tab that leads is shown in the others at once', () => {
  const { world, rooms } = made(1, true);
  const [, second] = [open(world), open(world)];
  world.settle(5_000);
  const [room] = rooms;
  if (room) world.server.send('other', room, { text: 'theirs' });
  world.settle(100);
  expect(second.core.getRoom('general').messages.map(({ text }) => text)).toEqual(['theirs']);
});

test('a new tab has the list of rooms from the one that leads', () => {
  const { world, browser } = made(1, true);
  open(world);
  world.settle(2_000);
  const before = browser.calls.get('sync');
  const second = open(world);
  world.settle(2_000);
  expect(second.core.getSnapshot().rooms).toHaveLength(2);
  expect(browser.calls.get('sync')).toBe(before);
});

test('what is not understood on the channel changes nothing', () => {
  const { world } = made(1, true);
  const tab = open(world);
  world.settle(2_000);
  const said = [
    null,
    'x',
    { type: 'bye' },
    { version: 2, from: 'b', type: 'subscribe', roomId: 'GUILD#dragons', epoch: 1, number: 1 },
    { version: 1, from: 'b', type: 'constructor' },
    { version: 1, from: 'b', type: 'subscribe', roomId: 7 },
    { version: 1, from: 'b', type: 'live', event: { type: 'compose', message: { roomId: 'general' } } },
  ];
  const shown = tab.core.getRoom('general');
  for (const data of said) {
    tab.take({ type: 'channel', data });
    world.settle(1_000);
  }
  expect(tab.core.getRoom('general')).toBe(shown);
  expect(tab.shared.take({ type: 'channel', data: { version: 9, from: 'b', type: 'signedOut' } }, 0)).toEqual(
    [{ type: 'signedOut' }],
  );
});

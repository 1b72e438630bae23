// One person's ordinary day in virtual time, and what it costs: nine hours with one tab, in twenty rooms of which one is open at
// a time. A seed chooses when what happens; how often is as `DAY` says.
import type { Effect } from '../../src/core/protocol.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import { seeded } from './random.ts';
import type { ModelRoom } from './server.ts';
import { ME, Tab, World } from './world.ts';

const S = 1_000;
const MINUTE = 60 * S;
const HOUR = 60 * MINUTE;

export const DAY = {
  /** How long the page is open. */
  lastsMs: 9 * HOUR,
  rooms: 20,
  /** Of these so many have up to 20 people, where whoever is elsewhere is told that something has moved. */
  smallRooms: 12,
  /** Turns to another room, each for some minutes; what is between is spent in other windows. */
  visits: 60,
  sends: 60,
  /** Messages of others, over all rooms. */
  others: 600,
  edits: 10,
  /** A connection that is lost for two to twenty seconds, as by a train or a proxy. */
  shortCuts: 12,
  /** A laptop that sleeps for 10 to 40 minutes. */
  sleeps: 3,
} as const;

export type Way = 'appsync' | 'gateway';

/** What was asked and told. */
export interface Cost {
  readonly requests: ReadonlyMap<string, number>;
  readonly connections: number;
  readonly subscriptions: number;
  readonly framesUp: number;
  readonly eventsDown: number;
  readonly onlineMinutes: number;
}

/** A tab that counts what goes over the wire, as the transport of that name does. */
class DayTab extends Tab {
  connections = 0;
  subscriptions = 0;
  framesUp = 0;
  eventsDown = 0;
  onlineMs = 0;
  readonly #way: Way;
  readonly #unsubscribe = new Map<string, () => void>();
  /** By room, up to where the gateway has told: a later connection goes on from there. */
  readonly #told = new Map<string, { seq: number; rev: number }>();
  #upAt: number | null = null;
  #isMineTold = false;
  #moved = 0;
  #movedAt = Number.NEGATIVE_INFINITY;

  constructor(world: World, way: Way) {
    super(world, [], { followsEpochs: way === 'gateway', confirms: way === 'gateway', keep: 500 });
    this.#way = way;
  }

  get #isGateway(): boolean {
    return this.#way === 'gateway';
  }

  override cut(): void {
    for (const end of this.#unsubscribe.values()) end();
    this.#unsubscribe.clear();
    this.#isMineTold = false;
    if (this.#upAt !== null) this.onlineMs += this.world.elapsed - this.#upAt;
    this.#upAt = null;
    super.cut();
  }

  protected override heard(event: Parameters<Tab['heard']>[0]): void {
    if (event.type === 'up') {
      this.connections += 1;
      this.framesUp += 1;
      this.#upAt = this.world.elapsed;
    } else if (event.type === 'live' || event.type === 'mine') this.eventsDown += 1;
    super.heard(event);
  }

  protected override wire(effect: Effect): void {
    if (effect.type === 'here' || effect.type === 'delivered') this.framesUp += 1;
    else if (effect.type === 'subscribeMine') this.#subscribeMine(effect.number);
    else if (effect.type === 'subscribe') {
      // AppSync has one for messages, one for who is writing, and one for receipts.
      const count = this.#isGateway ? 1 : 3;
      this.subscriptions += count;
      this.framesUp += count;
      if (this.#isGateway) return this.#resume(effect.roomId, effect.number);
    } else if (effect.type === 'unsubscribe') {
      this.framesUp += this.#isGateway ? 1 : 3;
      this.#unsubscribe.get(effect.roomId)?.();
      this.#told.delete(effect.roomId);
    }
    super.wire(effect);
  }

  /** Something has moved in a small room that somebody else wrote in; told at most once in ten seconds. */
  moved(): void {
    const { now } = this.world.server;
    if (!this.isUp || !this.#isMineTold || now - this.#movedAt < 10 * S) return;
    this.#movedAt = now;
    this.#moved += 1;
    const quietUntil = new Date(now + 10 * S).toISOString();
    const event = { userId: ME, epoch: 1, id: `moved ${this.#moved}`, kind: 'MOVED', quietUntil };
    this.later(() => this.isUp && this.heard({ type: 'mine', event: { ...event, ts: quietUntil } }));
  }

  #subscribeMine(number: number): void {
    if (!this.#isGateway) {
      this.subscriptions += 1;
      this.framesUp += 1;
    }
    this.later(() => {
      if (!this.isUp) return;
      this.#isMineTold = true;
      this.heard({ type: 'mineSubscribed', number });
    });
  }

  /** Subscribe at the gateway: what was missed since the connection before comes first. */
  #resume(roomId: string, number: number): void {
    this.later(() => {
      const room = this.world.server.rooms.get(roomId);
      if (!room || !this.isUp) return;
      const since = this.#told.get(roomId);
      const hear = (message: Message) => {
        this.#told.set(roomId, { seq: room.messages.length, rev: room.rev });
        this.later(() => this.isUp && this.heard({ type: 'live', message }));
      };
      this.#unsubscribe.get(roomId)?.();
      const subscription = { roomId, epoch: room.epoch, hear };
      this.#unsubscribe.set(roomId, this.world.server.subscribe(ME, subscription));
      for (const message of since ? missed(room, since) : []) this.heard({ type: 'live', message });
      this.#told.set(roomId, { seq: room.messages.length, rev: room.rev });
      this.heard({ type: 'subscribed', roomId, number, isResumed: since !== undefined });
    });
  }
}

const missed = ({ messages }: ModelRoom, since: { readonly seq: number; readonly rev: number }) =>
  messages.filter(({ seq, rev }) => (seq ?? 0) > since.seq || (rev ?? 0) > since.rev);

/** Live through a day over that transport. Returns what it cost; throws where something of it is lost. */
export function lived(way: Way, seed: number): Cost {
  const world = new World(seed);
  const { server } = world;
  const rooms = Array.from({ length: DAY.rooms }, (_, n) =>
    server.room(`room ${n}`, ME, 'ann', 'bob', 'cid'),
  );
  for (const room of rooms) for (let n = 0; n < 120; n += 1) server.send('ann', room, { text: `old ${n}` });
  server.calls.clear();
  const tab = new DayTab(world, way);
  world.make = () => tab;
  world.open();
  const end = world.elapsed + DAY.lastsMs;
  const plan = planned(seeded(seed), tab, rooms, world);
  for (const { at, does } of plan) {
    world.settle(Math.max(0, at - world.elapsed));
    world.pass(Math.max(0, at - world.elapsed));
    does();
  }
  world.settle(Math.max(0, end - world.elapsed));
  const sent = rooms.flatMap(({ messages }) => messages).filter(({ senderId }) => senderId === ME);
  if (sent.length !== DAY.sends) throw new Error(`seed ${seed}: ${sent.length} of ${DAY.sends} are stored`);
  const [last] = rooms.filter(({ id }) => tab.core.getRoom(id).status === 'live');
  if (last && tab.core.getRoom(last.id).messages.at(-1)?.seq !== last.messages.length)
    throw new Error(`seed ${seed}: what is shown is not the newest`);
  tab.cut();
  return costOf(tab, way, server.calls);
}

const PING_MS = 30 * S;

function costOf(tab: DayTab, way: Way, calls: ReadonlyMap<string, number>): Cost {
  const requests = new Map(calls);
  let { framesUp } = tab;
  if (way === 'gateway') {
    framesUp += (calls.get('sendMessage') ?? 0) + Math.floor(tab.onlineMs / PING_MS);
    requests.delete('sendMessage');
  }
  const { connections, subscriptions, eventsDown, onlineMs } = tab;
  return {
    requests,
    connections,
    subscriptions,
    framesUp,
    eventsDown,
    onlineMinutes: Math.round(onlineMs / MINUTE),
  };
}

interface Step {
  readonly at: number;
  readonly does: () => void;
}

/** Everything that happens, in order of time. */
function planned(
  random: () => number,
  tab: DayTab,
  rooms: readonly ModelRoom[],
  world: World,
): readonly Step[] {
  const steps: Step[] = [];
  const somewhere = (most: number) => Math.floor(random() * most);
  const at = (ms: number, does: () => void) => steps.push({ at: ms, does });
  const some = (count: number, does: (start: number, n: number) => void) => {
    for (let n = 0; n < count; n += 1) does(somewhere(DAY.lastsMs - 2 * HOUR) + MINUTE, n);
  };
  /** A few rooms have most of it. */
  const roomOf = () => rooms[Math.floor(random() ** 2 * rooms.length)] ?? rooms[0];
  const stays = DAY.lastsMs / DAY.visits;
  let open: ModelRoom | undefined;
  const look = () => {
    if (open)
      tab.feed({
        type: 'shown',
        roomId: open.id,
        seq: tab.core.getRoom(open.id).messages.at(-1)?.seq ?? null,
      });
  };
  for (let n = 0; n < DAY.visits; n += 1) {
    const begins = n * stays + S;
    const room = roomOf();
    at(begins, () => {
      if (open) tab.feed({ type: 'shown', roomId: open.id, seq: null });
      if (open && open !== room) tab.feed({ type: 'close', roomId: open.id });
      open = room;
      tab.feed({ type: 'visible', isVisible: true });
      if (room) tab.feed({ type: 'open', roomId: room.id });
    });
    at(begins + 2 * S, () => {
      if (room) tab.feed({ type: 'want', roomId: room.id, ids: ['ann', 'bob', 'cid'] });
      look();
    });
    at(begins + stays * (0.3 + random() * 0.4), () => tab.feed({ type: 'visible', isVisible: false }));
  }
  for (let n = 0; n < DAY.sends; n += 1) {
    const begins = Math.floor(random() * DAY.visits) * stays + (5 + somewhere(90)) * S;
    for (let key = 0; key < 8; key += 1)
      at(begins + key * S, () => open && tab.feed({ type: 'type', roomId: open.id }));
    at(begins + 9 * S, () => {
      const clientMessageId = `c${n}`;
      const roomId = open?.id ?? '';
      tab.feed({ type: 'compose', message: { roomId, text: `mine ${n}`, clientMessageId } });
    });
    at(begins + 10 * S, () => {
      const last = open?.messages.filter(({ senderId }) => senderId === ME).at(-1);
      if (open && last) tab.feed({ type: 'confirm', roomId: open.id, seq: last.seq ?? null });
    });
  }
  some(DAY.others, (ms, n) => {
    const room = roomOf();
    at(ms, () => {
      if (!room) return;
      world.server.send(n % 2 ? 'ann' : 'bob', room, { text: `theirs ${n}` });
      if (rooms.indexOf(room) < DAY.smallRooms) tab.moved();
    });
    at(ms + S, look);
  });
  some(DAY.edits, (ms) => {
    const room = roomOf();
    at(ms, () => room && world.server.change(room, room.messages.length - 1, 'mended'));
  });
  const lost = (ms: number, lastsMs: number) => {
    at(ms, () => {
      tab.isLinked = false;
      tab.feed({ type: 'network', isOnline: false });
      tab.cut();
    });
    at(ms + lastsMs, () => {
      tab.isLinked = true;
      tab.feed({ type: 'network', isOnline: true });
    });
  };
  some(DAY.shortCuts, (ms) => lost(ms, (2 + somewhere(18)) * S));
  some(DAY.sleeps, (ms) => lost(ms, (10 + somewhere(30)) * MINUTE));
  return steps.sort((a, b) => a.at - b.at);
}

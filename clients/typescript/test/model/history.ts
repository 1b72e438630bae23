// One history: a plan of sends and faults, played out in an order that a seed chooses, and what must be true after it.
import { isErased } from '../../src/core/erased.ts';
import type { RoomSnapshot } from '../../src/core/shown.ts';
import { checkEnd } from './ended.ts';
import { chosen } from './random.ts';
import { type Armed, ME, type Tab, World } from './world.ts';

export type Action =
  | {
      readonly does: 'send';
      readonly tab: number;
      readonly room: number;
      readonly steps: number;
      /** The sizes of its files. */
      readonly files: readonly number[];
    }
  | { readonly does: 'others'; readonly room: number; readonly count: number; readonly steps: number }
  /** Another text for a message that waits, or none of it any more. */
  | { readonly does: 'mend' | 'drop'; readonly tab: number; readonly room: number; readonly steps: number }
  | {
      readonly does: 'change' | 'notice' | 'erase' | 'older' | 'read';
      readonly room: number;
      readonly steps: number;
    }
  | { readonly does: 'fault'; readonly fault: Fault; readonly tab: number; readonly steps: number };

export const FAULTS = [
  'dropRequest',
  'loseAnswer',
  'doubleRequest',
  'dropLive',
  'doubleLive',
  'limit',
  'unavailable',
  'unavailableButDone',
  'internal',
  'token',
  'kill',
  'cut',
  'offline',
  'clock',
  'epoch',
  'mute',
  'formsEnd',
  'uploadsEnd',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Plan {
  readonly seed: number;
  readonly tabs: number;
  readonly actions: readonly Action[];
}

export interface Outcome {
  readonly sends: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly steps: number;
}

const ROOMS = ['general', 'GUILD#dragons'];
/** Long enough for every pause, two heartbeats and a mute. */
const CALM_MS = 200_000;

export class History {
  readonly world: World;
  readonly composed = new Map<string, { room: string; text: string; files: readonly string[] }>();
  /** Those that somebody did not want any more while they waited; and of these those that were not shown any more then. */
  readonly dropped = new Set<string>();
  readonly hidden = new Set<string>();
  /** The last text that each was shown with while it waited. */
  readonly texts = new Map<string, string>();
  /** The last that it was given, which may have been stored before it was shown. */
  readonly mended = new Map<string, string>();
  /** Those that the interface has shown. */
  readonly shown = new Set<string>();
  readonly #plan: Plan;
  readonly #last = new Map<Tab, Map<string, RoomSnapshot>>();
  #sends = 0;
  #steps = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.world = new World(plan.seed);
    const { world } = this;
    world.server.mostBehind = 30;
    world.server.lags = () => world.random() < 0.1;
    for (const id of ROOMS) {
      const room = world.server.room(id, ME, 'owner', 'other');
      for (let n = 0; n < 70; n += 1) world.server.send('other', room, { text: `old ${n}` });
    }
    world.inspect = (tab) => this.#inspect(tab);
  }

  run(): Outcome {
    const { world } = this;
    for (let n = 0; n < this.#plan.tabs; n += 1) world.open(...ROOMS);
    for (const action of this.#plan.actions) {
      this.#act(action);
      for (let n = 0; n < action.steps; n += 1) {
        world.step();
        this.#steps += 1;
      }
    }
    while (this.#faults() < 3) this.#fault('kill', 0);
    this.#heal();
    world.settle(CALM_MS);
    checkEnd(this, this.#plan.tabs);
    return { sends: this.#sends, faults: world.faults, steps: this.#steps };
  }

  #faults(): number {
    return [...this.world.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  #tab(index: number): Tab {
    const tab = this.world.tabs[index % this.world.tabs.length];
    if (!tab) throw new Error('there is always a tab');
    return tab;
  }

  #act(action: Action): void {
    const { server, random } = this.world;
    if (action.does === 'fault') return this.#fault(action.fault, action.tab);
    const roomId = ROOMS[action.room % ROOMS.length] ?? '';
    const room = server.rooms.get(roomId);
    if (!room) throw new Error(roomId);
    switch (action.does) {
      case 'send': {
        this.#sends += 1;
        const clientMessageId = `c${this.#sends}`;
        const text = `mine ${this.#sends}`;
        const files = action.files.map((size, n) => {
          const key = `${clientMessageId}/${n}`;
          return { key, name: key, contentType: 'image/png', size };
        });
        this.composed.set(clientMessageId, { room: roomId, text, files: files.map(({ key }) => key) });
        const message = { roomId, text, clientMessageId, ...(files.length > 0 ? { files } : {}) };
        this.#tab(action.tab).feed({ type: 'compose', message });
        return;
      }
      case 'others':
        for (let n = 0; n < action.count; n += 1) server.send('other', room, { text: `theirs ${n}` });
        return;
      case 'change': {
        const index = Math.floor(random() * room.messages.length);
        return server.change(room, index, random() < 0.3 ? null : `edited ${random()}`);
      }
      case 'mend':
      case 'drop':
        return this.#amend(action.does, this.#tab(action.tab), roomId);
      case 'erase':
        return server.erase(room, 'other');
      case 'notice':
        server.notice(room, 'ROOM_UPDATED', null, false);
        return;
      case 'older':
        return this.#tab(action.room).feed({ type: 'loadOlder', roomId });
      case 'read':
        return this.#tab(action.room).feed({ type: 'read', roomId, seq: room.messages.length });
    }
  }

  /** What the person does to a message that they see waiting. */
  #amend(does: 'mend' | 'drop', tab: Tab, roomId: string): void {
    const { pending } = tab.core.getRoom(roomId);
    const message = chosen(pending, this.world.random);
    if (!message) return;
    const { clientMessageId } = message;
    if (does === 'drop') {
      this.dropped.add(clientMessageId);
      return tab.feed({ type: 'discard', clientMessageId });
    }
    const text = `mended ${this.#steps}`;
    this.mended.set(clientMessageId, text);
    tab.feed({ type: 'mend', clientMessageId, said: { text } });
  }

  #fault(fault: Fault, index: number): void {
    const { world } = this;
    const tab = this.#tab(index);
    const rooms = [...world.server.rooms.values()];
    const room = chosen(rooms, world.random);
    switch (fault) {
      case 'kill':
        world.kill(tab);
        world.open(...ROOMS);
        break;
      case 'cut':
        tab.cut();
        break;
      case 'offline':
        tab.isLinked = !tab.isLinked;
        tab.feed({ type: 'network', isOnline: tab.isLinked });
        tab.cut();
        break;
      case 'clock':
        tab.clock += Math.round((world.random() - 0.5) * 7_200_000);
        break;
      case 'epoch':
        if (room) world.server.notice(room, 'MEMBER_REMOVED', 'other', true);
        break;
      case 'formsEnd':
        world.server.uploads.endForms();
        break;
      case 'uploadsEnd':
        world.server.uploads.end();
        break;
      case 'mute':
        if (room) {
          room.mutedUntil.set(ME, world.server.now + Math.round(world.random() * 20_000));
          world.server.notice(room, 'MEMBER_MUTED', ME, false);
        }
        break;
      default:
        world.armed.push(fault satisfies Armed);
        return; // counted when it takes effect
    }
    world.count(fault);
  }

  #heal(): void {
    const { world } = this;
    world.armed.length = 0;
    for (const tab of world.tabs) {
      tab.isLinked = true;
      tab.feed({ type: 'network', isOnline: true });
      tab.feed({ type: 'signedIn' });
    }
    // Another fault may have been on its way to somebody when the person signed in.
    world.settle(1_000);
    for (const tab of world.tabs) tab.feed({ type: 'signedIn' });
  }

  /** What holds at each moment. */
  #inspect(tab: Tab): void {
    const before = this.#last.get(tab) ?? new Map<string, RoomSnapshot>();
    this.#last.set(tab, before);
    for (const roomId of ROOMS) {
      const room = tab.core.getRoom(roomId);
      if (room !== tab.core.getRoom(roomId)) throw new Error('a snapshot is not stable');
      const last = before.get(roomId);
      if (last === room) continue;
      before.set(roomId, room);
      this.#inspectRoom(room, last);
    }
  }

  #inspectRoom(room: RoomSnapshot, last: RoomSnapshot | undefined): void {
    const stored = new Set<string>();
    let seq = 0;
    const erased = new Set(last?.messages.filter(isErased).map(({ id }) => id));
    for (const message of room.messages) {
      if (erased.has(message.id) && !isErased(message))
        throw new Error(`${message.id} was erased and is back`);
      if (message.roomId !== room.roomId) throw new Error(`${message.id} is of another room`);
      if ((message.seq ?? 0) <= seq) throw new Error(`${message.seq} comes after ${seq}`);
      seq = message.seq ?? 0;
      if (message.senderId === ME) stored.add(message.clientMessageId ?? '');
    }
    for (const { clientMessageId, text } of [...room.pending, ...room.drafts]) {
      this.shown.add(clientMessageId);
      this.texts.set(clientMessageId, text);
      if (stored.has(clientMessageId)) throw new Error(`${clientMessageId} is shown twice`);
    }
    if (!last || this.#plan.tabs > 1 || room.hasNewer || last.hasNewer) return;
    const waiting = new Set([...room.pending, ...room.drafts].map(({ clientMessageId }) => clientMessageId));
    for (const { clientMessageId } of last.pending) {
      const isThere = stored.has(clientMessageId) || waiting.has(clientMessageId);
      if (!isThere && this.dropped.has(clientMessageId)) this.hidden.add(clientMessageId);
      else if (!isThere && room.messages.length > 0 && !this.#isBefore(room, clientMessageId))
        throw new Error(`${clientMessageId} flickers`);
    }
  }

  /** Whether the server has it before all that is shown: so much has come since it was stored. */
  #isBefore({ roomId, hasOlder, messages }: RoomSnapshot, id: string): boolean {
    const stored = this.world.server.rooms.get(roomId)?.messages ?? [];
    const found = stored.find((each) => each.senderId === ME && each.clientMessageId === id);
    return hasOlder && found !== undefined && (found.seq ?? 0) < (messages[0]?.seq ?? 0);
  }
}

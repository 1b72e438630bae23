// What people of a room are called: asked for when they are shown, many at once, and kept. Names stand in no message.
import type { Person } from '../wire/generated/types.ts';
import { type Host, pause } from './host.ts';
import { split } from './places.ts';
import type { Event } from './protocol.ts';

/** Of one request. */
const MOST_AT_ONCE = 100;
/** What is older is asked for again where it is shown. */
const OLD_MS = 600_000;
/** How many people of all rooms are kept. */
const MOST_KEPT = 2_000;
/** So that all who are shown in one go are asked for together. */
const GATHER_MS = 10;

interface Known {
  /** `null`: nobody whom one may know of. */
  readonly person: Person | null;
  readonly at: number;
}

interface RoomPeople {
  readonly known: Map<string, Known>;
  readonly wanted: Set<string>;
  isAsking: boolean;
  attempts: number;
  shown: ReadonlyMap<string, Person>;
}

const NOBODY: ReadonlyMap<string, Person> = new Map();

export class People {
  readonly #host: Host;
  readonly #rooms = new Map<string, RoomPeople>();

  constructor(host: Host) {
    this.#host = host;
  }

  take(event: Event): void {
    if (event.type === 'want') this.#want(event.roomId, event.ids);
    else if (event.type === 'left') this.#rooms.delete(event.roomId);
    else if (event.type === 'up') for (const roomId of this.#rooms.keys()) this.#askLater(roomId, GATHER_MS);
    else if (event.type === 'due') {
      const [kind, roomId] = split(event.key);
      if (kind === 'people') this.#ask(roomId);
    }
  }

  /** Those of the room who are known: the same map until that changes. */
  look(roomId: string): ReadonlyMap<string, Person> {
    return this.#rooms.get(roomId)?.shown ?? NOBODY;
  }

  #want(roomId: string, ids: readonly string[]): void {
    const room = this.#room(roomId);
    const now = this.#host.now();
    for (const id of ids) {
      const held = room.known.get(id);
      if (!held || Math.abs(now - held.at) > OLD_MS) room.wanted.add(id);
    }
    if (room.wanted.size > 0 && !room.isAsking) this.#askLater(roomId, GATHER_MS);
  }

  #askLater(roomId: string, afterMs: number): void {
    const room = this.#rooms.get(roomId);
    if (room && room.wanted.size > 0) this.#host.emit({ type: 'timer', key: `people/${roomId}`, afterMs });
  }

  #ask(roomId: string): void {
    const room = this.#rooms.get(roomId);
    if (!room || room.isAsking || room.wanted.size === 0) return;
    const ids = [...room.wanted].slice(0, MOST_AT_ONCE);
    room.isAsking = true;
    this.#host.request('people', { roomId, ids }, (value, refusal) => {
      room.isAsking = false;
      if (this.#rooms.get(roomId) !== room) return;
      if (refusal) return this.#later(roomId, room, refusal.code === 'NotRoomMember');
      room.attempts = 0;
      this.#take(room, ids, (value as readonly Person[] | null) ?? []);
      this.#trim();
      this.#askLater(roomId, 0);
    });
  }

  /** Where the field cannot be had at present nobody is called anything: ids are shown. */
  #later(roomId: string, room: RoomPeople, isOver: boolean): void {
    if (isOver) return room.wanted.clear();
    this.#askLater(roomId, pause(room.attempts, this.#host.chance()));
    room.attempts += 1;
  }

  #take(room: RoomPeople, ids: readonly string[], found: readonly Person[]): void {
    const at = this.#host.now();
    const byId = new Map(found.map((person) => [person.userId, person]));
    for (const id of ids) {
      room.wanted.delete(id);
      room.known.delete(id); // to the end of those that are kept
      room.known.set(id, { person: byId.get(id) ?? null, at });
    }
    room.shown = shownOf(room.known);
  }

  /** The oldest of the rooms that were asked for longest ago go first. */
  #trim(): void {
    let over = [...this.#rooms.values()].reduce((sum, { known }) => sum + known.size, 0) - MOST_KEPT;
    for (const room of this.#rooms.values()) {
      if (over <= 0) return;
      for (const id of room.known.keys()) {
        if (over <= 0) break;
        room.known.delete(id);
        over -= 1;
      }
      room.shown = shownOf(room.known);
    }
  }

  #room(roomId: string): RoomPeople {
    let room = this.#rooms.get(roomId);
    if (!room) {
      room = { known: new Map(), wanted: new Set(), isAsking: false, attempts: 0, shown: NOBODY };
      this.#rooms.set(roomId, room);
    }
    return room;
  }
}

function shownOf(known: ReadonlyMap<string, Known>): ReadonlyMap<string, Person> {
  const shown = new Map<string, Person>();
  for (const [id, { person }] of known) if (person) shown.set(id, person);
  return shown;
}

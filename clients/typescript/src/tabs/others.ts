// The person's other tabs, as the tab that leads knows them, and what it asks the API on behalf of all.
import type { RequestField } from '../core/protocol.ts';

const MOST_POSITIONS = 50;
/** Each tab says hello when a heartbeat is shared; who has not done so twice is gone. */
const MOST_SILENT_BEATS = 2;

interface Other {
  readonly isShown: boolean;
  readonly positions: readonly object[];
  /** How many heartbeats ago it was heard of. */
  beats: number;
}

export class Others {
  readonly #tabs = new Map<string, Other>();

  get isEmpty(): boolean {
    return this.#tabs.size === 0;
  }

  /** Whether the person can see one of them. */
  get isSeen(): boolean {
    return [...this.#tabs.values()].some(({ isShown }) => isShown);
  }

  has(tab: string): boolean {
    return this.#tabs.has(tab);
  }

  /** It has said that it is there, and where its rooms stand. */
  greet(tab: string, positions: readonly object[], isShown: boolean): void {
    this.#tabs.set(tab, { positions, isShown, beats: 0 });
  }

  forget(tab: string): void {
    this.#tabs.delete(tab);
  }

  clear(): void {
    this.#tabs.clear();
  }

  /** A heartbeat is shared. Returns who has not been heard of for too long. */
  beat(): readonly string[] {
    for (const other of this.#tabs.values()) other.beats += 1;
    return [...this.#tabs].filter(([, { beats }]) => beats > MOST_SILENT_BEATS).map(([tab]) => tab);
  }

  /** What a request says for all tabs: the person is where they look, whichever tab leads. */
  variables(field: RequestField, variables: Readonly<Record<string, unknown>>) {
    if (field !== 'heartbeat' || this.isEmpty) return variables;
    const rooms = [
      variables.rooms as readonly object[],
      ...[...this.#tabs.values()].map((each) => each.positions),
    ];
    const byRoom = new Map<unknown, object>();
    for (const position of rooms.flat() as { roomId?: unknown }[]) {
      if (!byRoom.has(position.roomId)) byRoom.set(position.roomId, position);
    }
    const seen = this.isSeen && variables.status === 'AWAY' ? { status: 'ONLINE' } : {};
    return { ...variables, ...seen, rooms: [...byRoom.values()].slice(0, MOST_POSITIONS) };
  }
}

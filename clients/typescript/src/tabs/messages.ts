// What tabs of one person say to each other. Pages of another version of this library may be on the same channel.
import type { Event, RequestField } from '../core/protocol.ts';
import type { Refusal } from '../core/refusals.ts';
import type { ListState } from '../core/shown.ts';
import { isRecord } from '../transports/transport.ts';
import type { Message } from '../wire/generated/types.ts';

export const VERSION = 1;

/** A subscription as a tab's core has asked for it. */
export interface Wanted {
  readonly roomId: string;
  readonly epoch: number;
  readonly number: number;
}

/** What the API has answered to the tab that leads. */
export interface Shared {
  readonly field: RequestField;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

export type Said =
  /** To whoever leads: this tab is there, wants these subscriptions and no others, and has its list up to this token. */
  | {
      readonly type: 'hello';
      readonly wanted: readonly Wanted[];
      readonly positions: readonly object[];
      readonly token: string | null;
      /** Whether the person can see it. */
      readonly isShown: boolean;
    }
  | { readonly type: 'bye' }
  /** Asks whoever leads for a sign of life. */
  | { readonly type: 'ping' }
  | ({ readonly type: 'subscribe' } & Wanted)
  | { readonly type: 'unsubscribe'; readonly roomId: string }
  /** By the tab that leads: it does, and whether its connection is up. */
  | { readonly type: 'leads'; readonly isUp: boolean }
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly refusal: Refusal }
  | { readonly type: 'list'; readonly to: string; readonly list: ListState }
  /** What came of a subscription of one tab. */
  | { readonly type: 'told'; readonly to: string; readonly event: Event }
  | { readonly type: 'live'; readonly event: Event }
  | ({ readonly type: 'shared' } & Shared)
  /** By any tab: the storage has changed, the server has stored a message, the person has signed in or out. */
  | { readonly type: 'stored'; readonly roomId: string }
  | { readonly type: 'discarded'; readonly clientMessageId: string }
  | { readonly type: 'sent'; readonly message: Message }
  | { readonly type: 'signedIn' }
  | { readonly type: 'signedOut' };

export type Heard = Said & { readonly from: string };

type Fields = Readonly<Record<string, unknown>>;
const text = (value: unknown) => typeof value === 'string';
const whole = (value: unknown) => Number.isSafeInteger(value);
const isWanted = (value: unknown) =>
  isRecord(value) && text(value.roomId) && whole(value.epoch) && whole(value.number);
/** Events that a transport tells of; nothing else may be fed to a core from the channel. */
const TOLD = new Set(['subscribed', 'notSubscribed']);
const LIVE = new Set(['live', 'missed', 'left', 'poked', 'typing', 'receipt', 'mine']);
const SHARED: ReadonlySet<unknown> = new Set(['sync', 'myRooms', 'heartbeat']);

const isEvent = (value: unknown, types: ReadonlySet<unknown>) => {
  if (!isRecord(value) || !types.has(value.type)) return false;
  if (value.type === 'live') return isRecord(value.message) && text(value.message.roomId);
  if (value.type === 'typing') return isRecord(value.typing) && text(value.typing.roomId);
  if (value.type === 'receipt') return isRecord(value.receipt) && text(value.receipt.roomId);
  if (value.type === 'mine') return isRecord(value.event) && text(value.event.userId) && text(value.event.id);
  return value.type === 'poked' || text(value.roomId);
};

const SHAPES: { readonly [Type in Said['type']]: (said: Fields) => boolean } = {
  hello: ({ wanted, positions, token, isShown }) =>
    typeof isShown === 'boolean' &&
    Array.isArray(wanted) &&
    wanted.every(isWanted) &&
    Array.isArray(positions) &&
    positions.every(isRecord) &&
    (token === null || text(token)),
  bye: () => true,
  ping: () => true,
  subscribe: isWanted,
  unsubscribe: ({ roomId }) => text(roomId),
  leads: ({ isUp }) => typeof isUp === 'boolean',
  up: () => true,
  down: ({ refusal }) => isRecord(refusal) && text(refusal.code),
  list: ({ to, list }) => text(to) && isRecord(list) && text(list.token) && Array.isArray(list.rooms),
  told: ({ to, event }) => text(to) && isEvent(event, TOLD),
  live: ({ event }) => isEvent(event, LIVE),
  shared: ({ field, variables, value }) => SHARED.has(field) && isRecord(variables) && isRecord(value),
  stored: ({ roomId }) => text(roomId),
  discarded: ({ clientMessageId }) => text(clientMessageId),
  sent: ({ message }) => isRecord(message) && text(message.roomId) && text(message.id),
  signedIn: () => true,
  signedOut: () => true,
};

/** What came on the channel, or `null` where it cannot be understood. Signing out is understood of every version. */
export function heard(data: unknown): Heard | null {
  if (!isRecord(data) || !text(data.from) || typeof data.type !== 'string') return null;
  if (data.version !== VERSION && data.type !== 'signedOut') return null;
  const shape = Object.hasOwn(SHAPES, data.type) ? SHAPES[data.type as Said['type']] : undefined;
  return shape?.(data) ? (data as unknown as Heard) : null;
}

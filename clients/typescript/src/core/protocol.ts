// What the core is told and what it asks for. It has no socket, no storage, no timer, no clock and no chance of its own:
// a driver carries effects out and says what came of them.
import type {
  Message,
  PersonEvent,
  PresenceStatus,
  Receipt,
  Typing,
  Upload,
} from '../wire/generated/types.ts';
import type { AnyEntry, AnyStored, Change, Composed, Following, QueuedFile, Revision } from './entries.ts';
import type { Refusal } from './refusals.ts';
import type { ListState } from './shown.ts';

export * from './entries.ts';

/** Requests are named after the API's fields. */
export type RequestField =
  | 'messages'
  | 'messagesById'
  | 'around'
  | 'changes'
  | 'sync'
  | 'myRooms'
  | 'heartbeat'
  | 'createUpload'
  | 'sendMessage'
  | 'markRead'
  | 'editMessage'
  | 'removeMessage'
  | 'react'
  | 'myReactions'
  | 'me'
  | 'typing'
  | 'receipts'
  | 'people';

/** What the core asks its driver to do. */
export type Effect =
  /** Bring the connection for live events up; answered by `up` or `down`. */
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  /** Answered by `subscribed` or `notSubscribed` with the same number. A subscription to a room replaces the one before. */
  | { readonly type: 'subscribe'; readonly roomId: string; readonly epoch: number; readonly number: number }
  | { readonly type: 'unsubscribe'; readonly roomId: string }
  /** Answered by `mineSubscribed` or `mineNotSubscribed` with the same number; one replaces the one before. */
  | {
      readonly type: 'subscribeMine';
      readonly userId: string;
      readonly epoch: number;
      readonly number: number;
    }
  /** The person is there, with this room open: for a transport that takes it so. */
  | { readonly type: 'here'; readonly status: PresenceStatus; readonly watching: string | null }
  /** Up to this number nothing is missing: for a transport that takes it so; others are told by `heartbeat`. */
  | { readonly type: 'delivered'; readonly roomId: string; readonly seq: number }
  /** Answered by `answered` or `refused` with the same number. */
  | {
      readonly type: 'request';
      readonly number: number;
      readonly field: RequestField;
      readonly variables: Readonly<Record<string, unknown>>;
    }
  /** Post a queued file; answered as a request is, with `progress` before. `endPost`: it is not wanted any more. */
  | { readonly type: 'post'; readonly number: number; readonly file: QueuedFile; readonly upload: Upload }
  | { readonly type: 'endPost'; readonly key: string }
  /** Answered by `due`, once; a timer of the same key replaces the one before. */
  | { readonly type: 'timer'; readonly key: string; readonly afterMs: number }
  | { readonly type: 'cancel'; readonly key: string }
  /**
   * The storage's, which are carried out one after the other. `replaces`: removed in the same step; where it is not there
   * any more nothing is added, and `notAdded` comes.
   */
  | { readonly type: 'add'; readonly entry: AnyEntry; readonly replaces?: string }
  /** Something becomes of what is there, by `revised`; answered by `revised`. */
  | {
      readonly type: 'revise';
      readonly roomId: string;
      readonly clientMessageId: string;
      readonly by: Revision;
    }
  | { readonly type: 'remove'; readonly clientMessageId: string; readonly roomId?: string }
  /** Everything of a room, or of all; answered by `loaded`. */
  | { readonly type: 'load'; readonly roomId: string | null };

/** What the core is told. */
export type Event =
  /** First of all, and again after `stop`. */
  | { readonly type: 'start' }
  /** Nothing is carried out from now on, and no answers come, but for the storage's. */
  | { readonly type: 'stop' }
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly refusal: Refusal }
  /** What the browser knows of the network. */
  | { readonly type: 'network'; readonly isOnline: boolean }
  /** There is a token again. */
  | { readonly type: 'signedIn' }
  /** `isResumed`: whatever was missed since the connection before has come as `live`, before this. */
  | {
      readonly type: 'subscribed';
      readonly roomId: string;
      readonly number: number;
      readonly isResumed?: boolean;
    }
  /** Refused, or ended by the other side. */
  | {
      readonly type: 'notSubscribed';
      readonly roomId: string;
      readonly number: number;
      readonly refusal: Refusal;
    }
  | { readonly type: 'live'; readonly message: Message }
  | { readonly type: 'typing'; readonly typing: Typing }
  | { readonly type: 'receipt'; readonly receipt: Receipt }
  | { readonly type: 'mineSubscribed'; readonly number: number }
  | { readonly type: 'mineNotSubscribed'; readonly number: number; readonly refusal: Refusal }
  /** Something happened to the person themself. */
  | { readonly type: 'mine'; readonly event: PersonEvent }
  /** The other side says that too much was missed. */
  | { readonly type: 'missed'; readonly roomId: string }
  /** The other side says that the person is not in the room any more. */
  | { readonly type: 'left'; readonly roomId: string }
  /** Something that is not live happened to the person's rooms: look. */
  | { readonly type: 'poked' }
  | { readonly type: 'answered'; readonly number: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly number: number; readonly refusal: Refusal }
  | { readonly type: 'due'; readonly key: string }
  /** How much of a file is there, from 0 to 1. */
  | { readonly type: 'progress'; readonly key: string; readonly part: number }
  | { readonly type: 'added'; readonly entry: AnyStored }
  | { readonly type: 'notAdded'; readonly roomId: string; readonly clientMessageId: string }
  /** The entry as the storage has it now; `null`: not any more. Without one the storage could not be changed. */
  | {
      readonly type: 'revised';
      readonly roomId: string;
      readonly clientMessageId: string;
      readonly by: Revision;
      readonly entry?: AnyStored | null;
    }
  | { readonly type: 'loaded'; readonly roomId: string | null; readonly entries: readonly AnyStored[] }
  /** A newer version of the library has the storage. */
  | { readonly type: 'outdated' }
  /** Another tab has added something. */
  | { readonly type: 'stored'; readonly roomId: string }
  | { readonly type: 'compose'; readonly message: Composed }
  /** Another text for a message that waits. */
  | {
      readonly type: 'mend';
      readonly clientMessageId: string;
      readonly said: Omit<Following, 'kind'>;
    }
  /** Something is done to a message that the server has. */
  | { readonly type: 'change'; readonly roomId: string; readonly change: Change }
  /** A draft again, under a new id; with these files, where some are given. */
  | {
      readonly type: 'retry';
      readonly clientMessageId: string;
      readonly newId: string;
      readonly text?: string;
      readonly files?: readonly QueuedFile[];
    }
  /** Throw away what was finally refused, or a message that waits. */
  | { readonly type: 'discard'; readonly clientMessageId: string }
  | { readonly type: 'open'; readonly roomId: string }
  | { readonly type: 'close'; readonly roomId: string }
  | { readonly type: 'loadOlder'; readonly roomId: string }
  | { readonly type: 'loadNewer'; readonly roomId: string }
  /** Show the history around a message, or the newest messages. */
  | { readonly type: 'jumpTo'; readonly roomId: string; readonly id: string }
  | { readonly type: 'jumpToEnd'; readonly roomId: string }
  /** The person does not need the unread line any more. */
  | { readonly type: 'clearUnreadLine'; readonly roomId: string }
  | { readonly type: 'read'; readonly roomId: string; readonly seq: number }
  /** The last message of the room that is on the screen; `null`: the room is not. */
  | { readonly type: 'shown'; readonly roomId: string; readonly seq: number | null }
  /** The person writes something there. */
  | { readonly type: 'type'; readonly roomId: string }
  /** These people of the room are shown. */
  | { readonly type: 'want'; readonly roomId: string; readonly ids: readonly string[] }
  /** Of this message of one's own is to be told who has it; `null`: of none any more. */
  | { readonly type: 'confirm'; readonly roomId: string; readonly seq: number | null }
  /** Whether the person can see the screen: the page is visible and has the focus. */
  | { readonly type: 'visible'; readonly isVisible: boolean }
  /** Whether this tab asks and sends for all tabs of the person; each does until it is told otherwise. */
  | { readonly type: 'leads'; readonly isLeader: boolean }
  /** What the tab that leads was answered. */
  | {
      readonly type: 'shared';
      readonly field: RequestField;
      readonly variables: Readonly<Record<string, unknown>>;
      readonly value: unknown;
    }
  /** The list of rooms as the tab that leads has it. */
  | { readonly type: 'list'; readonly list: ListState }
  /** The answer to a call that somebody made past the core. */
  | { readonly type: 'told'; readonly messages: readonly Message[] };

// What the core is told and what it asks for. It has no socket, no storage, no timer, no clock and no chance of its own:
// a driver carries effects out and says what came of them.
import type {
  Message,
  PersonEvent,
  PresenceStatus,
  Receipt,
  Room,
  RoomHead,
  Typing,
  Upload,
} from '../wire/generated/types.ts';
import type { AnyEntry, AnyStored, Change, Composed, Following, QueuedFile, Revision } from './entries.ts';
import type { Refusal } from './refusals.ts';

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
  | { readonly type: 'update'; readonly entry: AnyStored }
  /** Something becomes of a message that waits, or of a mark, by `revised`; answered by `revised`. */
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

/** What a person sees of a file that goes with a message. */
export interface PendingFile extends Pick<QueuedFile, 'key' | 'name' | 'contentType' | 'size'> {
  /** How much of it is there, from 0 to 1. */
  readonly part: number;
}

/** What a person sees of a message that is not stored yet. */
export interface PendingMessage {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly text: string;
  readonly attachments?: readonly string[] | null | undefined;
  readonly files: readonly PendingFile[];
  /** `waiting`: for the rate, the end of a mute, the network, or who comes before it. */
  readonly status: 'waiting' | 'sending' | 'draft';
  readonly refusal: Refusal | null;
  readonly isDurable: boolean;
}

/** What was done to a message here and is not at the server yet. */
export interface PendingChange {
  /** Its text from now on; `null`: as it is. */
  readonly text: string | null;
  readonly isRemoved: boolean;
  readonly reactions: readonly { readonly emoji: string; readonly on: boolean }[];
  /** Each with the key by which it can be tried again or discarded, once it was finally refused. */
  readonly entries: readonly {
    readonly key: string;
    readonly kind: Change['kind'];
    readonly status: 'waiting' | 'sending' | 'refused';
    readonly refusal: Refusal | null;
  }[];
}

/** People who react to a message with an emoji, as it is to be shown: with what is not at the server yet. */
export interface ShownReaction {
  readonly emoji: string;
  readonly count: number;
  /** Up to three of them, as the server says it. */
  readonly userIds: readonly string[];
  /** Whether the person is one of them. */
  readonly isMine: boolean;
}

/** `left`: the person is not in the room. `refused`: it cannot be read, by `refusal`. */
export type RoomStatus = 'loading' | 'catchingUp' | 'live' | 'offline' | 'left';

/** Where the messages begin that were not read when the room was opened. */
export interface UnreadLine {
  /** The number of the first of them. */
  readonly seq: number;
  /** The message before which the line is; `null` where that is outside of what is shown. */
  readonly id: string | null;
  /** How many there are now, those that came since included: without one's own, and the removed ones that are here. */
  readonly count: number;
}

/** What a person sees of a room; `messages` oldest first. */
export interface RoomSnapshot {
  readonly roomId: string;
  readonly status: RoomStatus;
  /** Why it goes no further at present. */
  readonly refusal: Refusal | null;
  readonly messages: readonly Message[];
  readonly pending: readonly PendingMessage[];
  readonly drafts: readonly PendingMessage[];
  /** By the message's id, what was done to it and is not at the server yet. */
  readonly changes: ReadonlyMap<string, PendingChange>;
  /** By the message's id, who reacts to it; a message to which nobody does is not in it. */
  readonly reactions: ReadonlyMap<string, readonly ShownReaction[]>;
  /** Whether there are messages before and after those here. Where there are some after, what comes is only counted. */
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly isLoadingOlder: boolean;
  readonly isLoadingNewer: boolean;
  /** Whether other messages are about to take the place of these; and the one that was jumped to. */
  readonly isJumping: boolean;
  readonly target: string | null;
  /** Why the last page of history did not come. */
  readonly pageRefusal: Refusal | null;
  /** How many messages came while those here were not the newest. */
  readonly newMessages: number;
  readonly unreadLine: UnreadLine | null;
  readonly unread: number | null;
}

/** A room in the list, as `sync` and `myRooms` tell it. */
export interface RoomSummary {
  readonly roomId: string;
  readonly room: Room | null;
  readonly head: RoomHead | null;
  readonly unread: number;
  /** How many of these mention the person; 100 stands for more than 99. */
  readonly unreadMentions: number;
  /** How far the person has read, as far as that is known. */
  readonly lastReadSeq: number | null;
  readonly lastMessage: Message | null;
  readonly isInvitation: boolean;
}

/** The rooms as `sync` has told them up to this token. */
export interface ListState {
  readonly token: string;
  readonly rooms: readonly RoomSummary[];
}

/** Whether live events come; `unauthorized` waits for `signedIn`. */
export type ConnectionStatus = 'offline' | 'connecting' | 'online' | 'unauthorized';

/** What a person sees besides rooms' messages. */
export interface Snapshot {
  readonly connection: ConnectionStatus;
  readonly rooms: readonly RoomSummary[];
  /** Whether what waits to be sent outlives the page; `null` until something was stored. */
  readonly isDurable: boolean | null;
  /** A newer version of this page has what was stored, which this one leaves alone: it has to be loaded anew. */
  readonly isOutdated: boolean;
  /** How many messages wait to be sent, in all rooms. */
  readonly waiting: number;
}

/** What parts of the core share: a way to ask for effects, and what the program was given. */
export interface Host {
  emit(effect: Effect): void;
  /** Ask for a request. What becomes of it is told to `then`, unless somebody has forgotten it meanwhile. */
  request(
    field: RequestField,
    variables: Readonly<Record<string, unknown>>,
    then: (value: unknown, refusal: Refusal | null) => void,
  ): void;
  /** The same for a file that is posted. */
  post(file: QueuedFile, upload: Upload, then: (value: unknown, refusal: Refusal | null) => void): void;
  /** Milliseconds since the epoch of the clock here, when the event came that is being worked on. */
  now(): number;
  /** The same by the server's clock, as far as it is known. */
  serverNow(): number;
  /** The same where the server said it a short time ago; `null` where nobody can tell. */
  serverTime(): number | null;
  /** From 0 to below 1. */
  chance(): number;
  /** Whether live events can come. */
  isUp(): boolean;
  /** Whether there may be a network: not where the browser says that there is none. */
  isOnline(): boolean;
  /** Whether this tab asks and sends for all tabs of the person. */
  leads(): boolean;
  /** The token was refused: nothing is asked until there is another. */
  unauthorized(): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before trying again for the nth time: doubled each time, and spread from a half to the whole. */
export function pause(attempt: number, chance: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole * (0.5 + chance / 2));
}

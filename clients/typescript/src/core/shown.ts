// What a person sees: of rooms, of messages that wait, of what was done to others, and of the connection.
import type { Message, Room, RoomHead } from '../wire/generated/types.ts';
import type { Change, QueuedFile } from './entries.ts';
import type { Refusal } from './refusals.ts';

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
  /**
   * Another one each time that the person is told that their data is to be exported or erased: ask `dataRequests`, when the app
   * starts as well, show what waits, and let them take it back by `withdrawDataRequest`. `null` until then.
   */
  readonly dataRequested: string | null;
}

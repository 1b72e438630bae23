// A room as it is shown, put together from its parts.
import type { RoomChanges } from './changes.ts';
import type { RoomOutbox } from './outbox.ts';
import type { RoomSession } from './room.ts';
import type { RoomSnapshot, ShownReaction } from './shown.ts';
import { NO_CHANGES } from './shown-changes.ts';

const NONE: readonly never[] = [];
const NO_REACTIONS: ReadonlyMap<string, readonly ShownReaction[]> = new Map();

export function roomSnapshot(
  roomId: string,
  userId: string,
  session: RoomSession | null,
  outbox: RoomOutbox | null,
  changes: RoomChanges | null,
  unread: number | null,
): RoomSnapshot {
  const { timeline, pages } = session ?? {};
  return {
    roomId,
    status: session?.status ?? (outbox ? 'offline' : 'loading'),
    refusal: session?.refusal ?? null,
    messages: timeline?.messages ?? NONE,
    pending: outbox?.snapshot.pending ?? NONE,
    drafts: outbox?.snapshot.drafts ?? NONE,
    changes: changes?.snapshot ?? NO_CHANGES,
    reactions: session?.reactions.shown ?? NO_REACTIONS,
    hasOlder: timeline?.hasOlder ?? false,
    hasNewer: timeline?.hasNewer ?? false,
    isLoadingOlder: pages?.isLoadingOlder ?? false,
    isLoadingNewer: pages?.isLoadingNewer ?? false,
    isJumping: pages?.isJumping ?? false,
    target: pages?.target ?? null,
    pageRefusal: pages?.refusal ?? null,
    newMessages: timeline?.newMessages ?? 0,
    unreadLine: session?.line.look(session.timeline, userId) ?? null,
    unread,
  };
}

// What stands in the timeline, from the messages: lines for days and for what is unread, and which messages follow one another
// so closely that the name need not be shown again. Pure.
import type { Message, PendingMessage, UnreadLine } from '@appsync-chat/client';

export type Row =
  | { readonly type: 'day'; readonly key: string; readonly at: Date }
  | { readonly type: 'unread'; readonly key: string; readonly count: number }
  | {
      readonly type: 'message';
      readonly key: string;
      readonly message: Message;
      readonly isFollowing: boolean;
    }
  | { readonly type: 'pending'; readonly key: string; readonly pending: PendingMessage };

const TOGETHER_MS = 5 * 60_000;

export function rowsOf(
  messages: readonly Message[],
  pending: readonly PendingMessage[],
  unreadLine: UnreadLine | null,
): readonly Row[] {
  const rows: Row[] = [];
  let before: Message | null = null;
  for (const message of messages) {
    const at = new Date(message.ts);
    if (!before || !isSameDay(new Date(before.ts), at)) {
      rows.push({ type: 'day', key: `day/${at.toDateString()}`, at });
      before = null;
    }
    if (unreadLine?.id === message.id) {
      rows.push({ type: 'unread', key: 'unread', count: unreadLine.count });
      before = null;
    }
    rows.push({
      type: 'message',
      key: keyOf(message),
      message,
      isFollowing: isFollowing(before, message),
    });
    before = message;
  }
  for (const each of pending) rows.push({ type: 'pending', key: `c/${each.clientMessageId}`, pending: each });
  return rows;
}

/** One's own message keeps its row when it comes to be stored: nothing flickers, and the focus stays. */
export const keyOf = ({ id, clientMessageId }: Message) => (clientMessageId ? `c/${clientMessageId}` : id);

function isFollowing(before: Message | null, message: Message): boolean {
  if (!before || before.senderId !== message.senderId || message.replyTo) return false;
  return Date.parse(message.ts) - Date.parse(before.ts) < TOGETHER_MS;
}

const isSameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString();

// Who reacts with what, each a button that adds one's own or takes it back.
import type { Message, PendingChange } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';

/** In the menu of each message. */
export const QUICK = ['👍', '❤️', '😂', '🎉'] as const;

export function Reactions(props: {
  readonly roomId: string;
  readonly message: Message;
  readonly change: PendingChange | undefined;
}) {
  const { roomId, message, change } = props;
  const text = useText();
  const me = useMe();
  const client = useChat();
  const counts = withMine(message.reactions ?? [], change, me);
  if (counts.length === 0) return null;
  return (
    <ul className="reactions">
      {counts.map(({ emoji, count, userIds }) => {
        const isMine = userIds.includes(me);
        return (
          <li key={emoji}>
            <button
              type="button"
              className={isMine ? 'reaction mine' : 'reaction'}
              aria-pressed={isMine}
              aria-label={text(isMine ? 'timeline.reactionMine' : 'timeline.reaction', { emoji, count })}
              onClick={() => client.react(roomId, message.id, emoji, !isMine)}
            >
              <span aria-hidden="true">
                {emoji} {count}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

type Counts = readonly {
  readonly emoji: string;
  readonly count: number;
  readonly userIds: readonly string[];
}[];

/** The summary follows a moment after one's own reaction: until then it is shown with it, or without. */
function withMine(counts: Counts, change: PendingChange | undefined, me: string): Counts {
  let shown = counts;
  for (const { emoji, on } of change?.reactions ?? []) {
    const held = shown.find((each) => each.emoji === emoji);
    const isMine = held?.userIds.includes(me) ?? false;
    if (on === isMine) continue;
    const userIds = on ? [...(held?.userIds ?? []), me] : (held?.userIds ?? []).filter((id) => id !== me);
    const next = { emoji, count: (held?.count ?? 0) + (on ? 1 : -1), userIds };
    shown = held ? shown.map((each) => (each === held ? next : each)) : [...shown, next];
  }
  return shown.filter(({ count }) => count > 0);
}

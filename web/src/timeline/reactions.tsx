// Who reacts with what, each a button that adds one's own or takes it back.
import type { Message } from '@appsync-chat/client';
import { useChat, useMyReactions } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';
import type { MessageRowProps } from './message-row.tsx';

/** In the menu of each message. */
export const QUICK = ['👍', '❤️', '😂', '🎉'] as const;

export function Reactions(props: {
  readonly roomId: string;
  readonly message: Message;
  readonly change: MessageRowProps['change'];
}) {
  const { roomId, message } = props;
  const text = useText();
  const client = useChat();
  const mine = useMyReactions(roomId, message.id);
  const counts = withMine(message.reactions ?? [], mine);
  if (counts.length === 0) return null;
  return (
    <ul className="reactions">
      {counts.map(({ emoji, count }) => {
        const isMine = mine.has(emoji);
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

/** The summary follows a moment after one's own reaction: until then it is shown with it. */
function withMine(
  counts: NonNullable<Message['reactions']>,
  mine: ReadonlySet<string>,
): readonly { readonly emoji: string; readonly count: number }[] {
  const shown = counts.map(({ emoji, count }) => ({ emoji, count }));
  for (const emoji of mine) if (!shown.some((each) => each.emoji === emoji)) shown.push({ emoji, count: 1 });
  return shown;
}

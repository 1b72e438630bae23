// Who reacts with what, each a button that adds one's own or takes it back.
import type { ShownReaction } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';

/** In the menu of each message. */
export const QUICK = ['👍', '❤️', '😂', '🎉'] as const;

export function Reactions(props: {
  readonly roomId: string;
  readonly messageId: string;
  readonly reactions: readonly ShownReaction[];
}) {
  const { roomId, messageId, reactions } = props;
  const text = useText();
  const client = useChat();
  return (
    <ul className="reactions">
      {reactions.map(({ emoji, count, isMine }) => (
        <li key={emoji}>
          <button
            type="button"
            className={isMine ? 'reaction mine' : 'reaction'}
            aria-pressed={isMine}
            aria-label={text(isMine ? 'timeline.reactionMine' : 'timeline.reaction', { emoji, count })}
            onClick={() => client.react(roomId, messageId, emoji, !isMine)}
          >
            <span aria-hidden="true">
              {emoji} {count}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

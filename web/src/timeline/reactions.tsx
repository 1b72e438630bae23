// Who reacts with what, each a button that adds one's own or takes it back.
import type { Message } from '@appsync-chat/client';
import { useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { useReact } from './use-react.ts';

/** In the menu of each message. */
export const QUICK = ['👍', '❤️', '😂', '🎉'] as const;

export function Reactions({ roomId, message }: { readonly roomId: string; readonly message: Message }) {
  const text = useText();
  const me = useMe();
  const react = useReact(roomId);
  const counts = message.reactions ?? [];
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
              onClick={() => react(message.id, emoji, !isMine)}
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

// One message: whose it is and what it says come before when it was said. Everything that can be done with it is in its menu.
import type { Message, PendingChange, ShownReaction } from '@appsync-chat/client';
import type { usePeople } from '@appsync-chat/client/react';
import { memo, useId, useMemo } from 'react';
import { useDates, useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { Avatar, NobodysAvatar } from '../people/avatar.tsx';
import { Text } from '../text/text.tsx';
import { Attachments } from './attachments.tsx';
import { ChangeNote } from './change-note.tsx';
import { MessageMenu } from './message-menu.tsx';
import { QuoteLine } from './quote-line.tsx';
import { Reactions } from './reactions.tsx';

export interface MessageRowProps {
  readonly rowKey: string;
  readonly message: Message;
  readonly isFollowing: boolean;
  readonly isCurrent: boolean;
  readonly onFocus: (key: string) => void;
  /** What was done to it here and is not at the server yet. */
  readonly change: PendingChange | undefined;
  /** Who reacts to it, with what is not at the server yet. */
  readonly reactions: readonly ShownReaction[] | undefined;
  readonly people: ReturnType<typeof usePeople>;
  readonly roomId: string;
  readonly onEdit: (message: Message) => void;
  readonly onReply: (message: Message) => void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { rowKey, message, isFollowing, isCurrent, onFocus, change, reactions, people, roomId } = props;
  const text = useText();
  const dates = useDates();
  const me = useMe();
  const label = useId();
  const person = people.get(message.senderId);
  const isGone = message.erased === true;
  const name = isGone ? text('timeline.erasedSender') : person?.name || message.senderId;
  const isMine = message.senderId === me;
  const isRemoved = isGone || Boolean(message.removedAt) || change?.isRemoved === true;
  const at = new Date(message.ts);
  const mentioned = useMentioned(message, people);
  return (
    <article
      className={['message', isMine && 'mine', isFollowing && 'following'].filter(Boolean).join(' ')}
      data-key={rowKey}
      data-id={message.id}
      tabIndex={isCurrent ? 0 : -1}
      aria-labelledby={`${label}-name ${label}-text`}
      onFocus={() => onFocus(rowKey)}
    >
      {!isFollowing &&
        (isGone ? (
          <NobodysAvatar />
        ) : (
          <Avatar roomId={roomId} userId={message.senderId} name={name} person={person} />
        ))}
      <div className="message-body">
        <header className={isFollowing ? 'visually-hidden' : 'message-head'}>
          <span id={`${label}-name`} className="sender" dir="auto">
            {name}
          </span>
        </header>
        {message.replyTo && !isRemoved && <QuoteLine message={message} people={people} roomId={roomId} />}
        <div id={`${label}-text`}>
          {isRemoved ? (
            <p className="quiet">{text(isGone ? 'timeline.erased' : 'timeline.removed')}</p>
          ) : (
            <>
              <Text text={change?.text ?? message.text ?? ''} people={mentioned} me={me} />
              <Attachments roomId={roomId} attachments={message.attachments ?? []} />
            </>
          )}
        </div>
        {message.editedAt && !isRemoved && <p className="message-note">{text('timeline.edited')}</p>}
        {change && <ChangeNote change={change} />}
        <footer className="message-foot">
          <time dateTime={message.ts} title={dates.full(at)}>
            {dates.time(at)}
          </time>
        </footer>
        {!isRemoved && reactions && (
          <Reactions roomId={roomId} messageId={message.id} reactions={reactions} />
        )}
      </div>
      {!isRemoved && <MessageMenu {...props} name={name} isMine={isMine} />}
    </article>
  );
});

/** What in the text stands for whom. */
function useMentioned(message: Message, people: ReturnType<typeof usePeople>): ReadonlyMap<string, string> {
  const { mentions } = message;
  return useMemo(() => {
    const words = new Map<string, string>();
    for (const id of mentions ?? []) {
      words.set(`@${id}`, id);
      const name = people.get(id)?.name;
      if (name) words.set(`@${name}`, id);
    }
    return words;
  }, [mentions, people]);
}

// A message that is not stored by the chat yet: why it waits, or why it was refused and what to do about it.
import { useConnection, type useRoom } from '@appsync-chat/client/react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { Avatar } from '../people/avatar.tsx';
import { Text } from '../text/text.tsx';
import { sentenceOf } from '../ui/use-action.ts';
import type { Row } from './rows.ts';

const FileList = lazy(() => import('../composer/file-list.tsx'));

type Pending = Extract<Row, { type: 'pending' }>;

export function PendingRow(props: {
  readonly row: Pending;
  readonly room: ReturnType<typeof useRoom>;
  readonly isCurrent: boolean;
  readonly onFocus: (key: string) => void;
}) {
  const { row, room, isCurrent, onFocus } = props;
  const { pending } = row;
  const text = useText();
  const me = useMe();
  const isDraft = pending.status === 'draft';
  // With a link it is gone from here in a moment.
  const { connection } = useConnection();
  const isHeld = pending.status === 'waiting' && (connection !== 'online' || Boolean(pending.refusal));
  return (
    <article
      className={isDraft ? 'message mine draft' : 'message mine pending'}
      data-key={row.key}
      tabIndex={isCurrent ? 0 : -1}
      aria-label={`${me} ${pending.text}`}
      onFocus={() => onFocus(row.key)}
    >
      <Avatar roomId={room.roomId} userId={me} name={me} person={undefined} />
      <div className="message-body">
        <header className="message-head">
          <span className="sender" dir="auto">
            {me}
          </span>
        </header>
        <Text text={pending.text} />
        {pending.files.length > 0 && (
          <Suspense>
            <FileList files={pending.files} />
          </Suspense>
        )}
        <p className="message-note">
          <State pending={pending} />
        </p>
        {(isDraft || isHeld) && (
          <p className="draft-actions">
            {isDraft && (
              <button
                type="button"
                className="button small"
                onClick={() => room.retry(pending.clientMessageId)}
              >
                {text('timeline.retry')}
              </button>
            )}
            <button
              type="button"
              className="button small"
              onClick={() => room.discard(pending.clientMessageId)}
            >
              {text('timeline.discard')}
            </button>
          </p>
        )}
      </div>
    </article>
  );
}

function State({ pending }: { readonly pending: Pending['pending'] }) {
  const text = useText();
  const { status, refusal } = pending;
  const seconds = useCountdown(refusal?.code === 'RateLimited' ? refusal.retryAfterMs : 0);
  if (status === 'draft' && refusal) {
    return <span className="problem">{text('timeline.failed', { reason: sentenceOf(refusal, text) })}</span>;
  }
  if (seconds > 0) return <span>{text('timeline.waitingSeconds', { count: seconds })}</span>;
  return <span>{text(status === 'sending' ? 'timeline.sending' : 'timeline.waiting')}</span>;
}

/** The whole seconds that are left of so many milliseconds. */
function useCountdown(ms: number): number {
  const [left, setLeft] = useState(Math.ceil(ms / 1_000));
  useEffect(() => {
    const until = Date.now() + ms;
    const look = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1_000)));
    look();
    if (ms <= 0) return;
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [ms]);
  return left;
}

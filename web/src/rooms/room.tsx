// One room: its head, its messages, what is being written to it, and beside it its people.
import type { Message, Room as RoomFields } from '@appsync-chat/client';
import { useRoom, useRooms } from '@appsync-chat/client/react';
import { lazy, type ReactNode, Suspense, useCallback, useState } from 'react';
import { Composer, type Writing } from '../composer/composer.tsx';
import { useDates, useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { Timeline } from '../timeline/timeline.tsx';
import { TypingLine } from '../timeline/typing-line.tsx';
import { Icon } from '../ui/icon.tsx';
import { useRoomName } from './room-name.ts';

const NEW: Writing = { kind: 'new' };

const PeoplePanel = lazy(() => import('../people/people-panel.tsx'));
const PinsDialog = lazy(() => import('./pins-dialog.tsx'));

export default function Room({
  roomId,
  messageId,
}: {
  readonly roomId: string;
  readonly messageId: string | null;
}) {
  const text = useText();
  const me = useMe();
  const room = useRoom(roomId);
  const summary = useRooms().find((each) => each.roomId === roomId);
  const name = useRoomName()({ roomId, room: summary?.room ?? null });
  const [arePeopleOpen, setPeopleOpen] = useState(false);
  const [arePinsOpen, setPinsOpen] = useState(false);
  const role = summary?.room?.me?.role;
  const mayUnpin = role === 'OWNER' || role === 'MODERATOR' || Boolean(summary?.room?.directWith);
  const slow = role === 'MEMBER' ? (summary?.room?.slowModeSeconds ?? 0) : 0;
  const [writing, setWriting] = useState<Writing>(NEW);
  const startEdit = useCallback((message: Message) => setWriting({ kind: 'edit', message }), []);
  const startReply = useCallback((message: Message) => setWriting({ kind: 'reply', message }), []);
  const [hasWritten, setWritten] = useState(false);
  const done = useCallback(() => {
    setWriting(NEW);
    setWritten(true);
  }, []);
  const answered =
    writing.kind === 'reply' ? room.messages.find(({ id }) => id === writing.message.id) : undefined;
  // What is gone cannot be answered, and whoever was erased is not named any more.
  const isAnswerable = !answered?.removedAt && !answered?.erased;
  const editLast = () => {
    const last = room.messages.findLast((each) => each.senderId === me && !each.removedAt);
    if (last) startEdit(last);
  };
  if (room.status === 'left') return <p className="whole quiet">{text('room.gone')}</p>;
  return (
    <div className={arePeopleOpen ? 'room with-people' : 'room'}>
      <section className="room-main" aria-label={name}>
        <header className="room-head">
          <a className="icon-button only-narrow" href="#/" aria-label={text('rooms.back')}>
            <Icon name="back" />
          </a>
          <div className="room-title">
            <h2 dir="auto">{name}</h2>
            {summary?.room?.description && (
              <p className="quiet" dir="auto">
                {summary.room.description}
              </p>
            )}
          </div>
          <button
            type="button"
            className="icon-button"
            aria-label={text('room.pins')}
            onClick={() => setPinsOpen(true)}
          >
            <Icon name="pin" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={text('room.details')}
            aria-expanded={arePeopleOpen}
            onClick={() => setPeopleOpen(!arePeopleOpen)}
          >
            <Icon name="people" />
          </button>
        </header>
        <Timeline room={room} name={name} messageId={messageId} onEdit={startEdit} onReply={startReply} />
        <TypingLine roomId={roomId} />
        {slow > 0 && <p className="slow">{text('room.slow', { seconds: slow })}</p>}
        <Closed room={summary?.room ?? null}>
          <Composer
            key={writing.kind === 'edit' ? writing.message.id : 'new'}
            focuses={hasWritten}
            room={room}
            name={name}
            writing={isAnswerable ? writing : NEW}
            onDone={done}
            onEditLast={editLast}
          />
        </Closed>
      </section>
      <Suspense>
        {arePinsOpen && <PinsDialog roomId={roomId} mayUnpin={mayUnpin} onClose={() => setPinsOpen(false)} />}
        {arePeopleOpen && (
          <PeoplePanel
            roomId={roomId}
            name={name}
            room={summary?.room ?? null}
            onClose={() => setPeopleOpen(false)}
          />
        )}
      </Suspense>
    </div>
  );
}

/** In the place of the composer why there is none. */
function Closed(props: { readonly room: RoomFields | null; readonly children: ReactNode }) {
  const text = useText();
  const dates = useDates();
  const { room, children } = props;
  const mutedUntil = Date.parse(room?.me?.mutedUntil ?? '');
  if (room?.archivedAt) return <p className="closed">{text('room.archived')}</p>;
  if (mutedUntil > Date.now()) {
    return <p className="closed">{text('room.mutedUntil', { time: dates.full(new Date(mutedUntil)) })}</p>;
  }
  return children;
}

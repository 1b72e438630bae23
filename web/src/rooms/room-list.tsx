// The person's rooms: the newest first, with what is unread, and ways into others.
import type { RoomSummary } from '@appsync-chat/client';
import { useRooms } from '@appsync-chat/client/react';
import { lazy, type RefObject, Suspense, useDeferredValue, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { roomHref } from '../route.ts';
import { plain } from '../text/markup.ts';
import { Invitation } from './invitation.tsx';
import { useRoomName } from './room-name.ts';

const EnterDialog = lazy(() => import('./enter-dialogs.tsx'));

type Open = 'create' | 'join' | 'direct' | null;

export function RoomList(props: {
  readonly current: string | null;
  readonly search: RefObject<HTMLInputElement | null>;
}) {
  const text = useText();
  const rooms = useRooms();
  const nameOf = useRoomName();
  const [wanted, setWanted] = useState('');
  const [open, setOpen] = useState<Open>(null);
  const words = useDeferredValue(folded(wanted));
  const shown = rooms.filter((room) => folded(`${nameOf(room)} ${room.roomId}`).includes(words));
  const close = () => setOpen(null);
  return (
    <>
      <search className="room-search">
        <input
          ref={props.search}
          type="search"
          value={wanted}
          aria-label={text('rooms.search')}
          placeholder={text('rooms.search')}
          onChange={(event) => setWanted(event.target.value)}
        />
      </search>
      <ul className="room-list">
        {shown.map((room) =>
          room.isInvitation ? (
            <Invitation key={room.roomId} room={room} />
          ) : (
            <RoomRow key={room.roomId} room={room} isCurrent={room.roomId === props.current} />
          ),
        )}
      </ul>
      {shown.length === 0 && <p className="quiet">{text(wanted ? 'rooms.noMatch' : 'rooms.none')}</p>}
      <div className="room-ways">
        <button type="button" className="button small" onClick={() => setOpen('create')}>
          {text('rooms.create')}
        </button>
        <button type="button" className="button small" onClick={() => setOpen('join')}>
          {text('rooms.join')}
        </button>
        <button type="button" className="button small" onClick={() => setOpen('direct')}>
          {text('rooms.direct')}
        </button>
      </div>
      <Suspense>{open && <EnterDialog way={open} onClose={close} />}</Suspense>
    </>
  );
}

function RoomRow({ room, isCurrent }: { readonly room: RoomSummary; readonly isCurrent: boolean }) {
  const text = useText();
  const nameOf = useRoomName();
  const mentions = room.unreadMentions;
  const isMuted = Date.parse(room.room?.me?.mutedUntil ?? '') > Date.now();
  return (
    <li>
      <a
        className={room.unread > 0 ? 'room-row unread' : 'room-row'}
        href={roomHref(room.roomId)}
        aria-current={isCurrent ? 'page' : undefined}
      >
        <span className="room-name" dir="auto">
          {nameOf(room)}
        </span>
        <LastMessage room={room} />
        {room.unread > 0 && (
          <span className="badge">
            <span aria-hidden="true">{room.unread > 99 ? '99+' : room.unread}</span>
            <span className="visually-hidden">{text('rooms.unread', { count: room.unread })}</span>
          </span>
        )}
        {mentions > 0 && (
          <span className="badge mention-badge">
            <span aria-hidden="true">@</span>
            <span className="visually-hidden">{text('rooms.mentions', { count: mentions })}</span>
          </span>
        )}
        {isMuted && <span className="visually-hidden">{text('rooms.muted')}</span>}
      </a>
    </li>
  );
}

function LastMessage({ room }: { readonly room: RoomSummary }) {
  const text = useText();
  const me = useMe();
  const message = room.lastMessage;
  if (!message) return null;
  const said = message.erased
    ? text('rooms.erased')
    : message.removedAt
      ? text('rooms.removed')
      : plain(message.text ?? '') || (message.attachments?.length ? text('rooms.attachment') : '');
  return (
    <span className="room-last" dir="auto">
      {message.senderId === me ? text('rooms.you', { text: said }) : said}
    </span>
  );
}

/** Capitals and accents do not count. */
const folded = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

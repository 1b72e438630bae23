// The messages of a room. The client keeps a bounded window of them, so what is in the document is bounded as well, and there is
// no other virtualisation: what is read stays in place by `useScroll`, the focus by `useRoving`.
import type { Message } from '@appsync-chat/client';
import type { useRoom } from '@appsync-chat/client/react';
import { usePeople, useReadMarks } from '@appsync-chat/client/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useDigest } from '../announcer/use-digest.ts';
import { useDates, useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { Icon } from '../ui/icon.tsx';
import { MessageRow } from './message-row.tsx';
import { PendingRow } from './pending-row.tsx';
import { ReceiptLine } from './receipt-line.tsx';
import { keyOf, type Row, rowsOf } from './rows.ts';
import { useNear } from './use-near.ts';
import { useRoving } from './use-roving.ts';
import { useScroll } from './use-scroll.ts';

export function Timeline(props: {
  readonly room: ReturnType<typeof useRoom>;
  readonly name: string;
  readonly messageId: string | null;
  readonly onEdit: (message: Message) => void;
  readonly onReply: (message: Message) => void;
}) {
  const { room, name, messageId } = props;
  const text = useText();
  const me = useMe();
  const box = useRef<HTMLDivElement>(null);
  const waiting = useMemo(() => [...room.pending, ...room.drafts], [room.pending, room.drafts]);
  const rows = useMemo(
    () => rowsOf(room.messages, waiting, room.unreadLine),
    [room.messages, waiting, room.unreadLine],
  );
  const last = room.messages.at(-1);
  const mine = last?.senderId === me && !last.removedAt ? last : null;
  const keys = useMemo(() => rows.filter(isMessage).map(({ key }) => key), [rows]);
  const people = usePeople(room.roomId, useSenders(room.messages));
  const scroll = useScroll(box, rows);
  const roving = useRoving(box, keys, (direction) =>
    direction === 'before' ? room.loadOlder() : room.loadNewer(),
  );
  const top = useNear(box, room.loadOlder, room.hasOlder && !room.isLoadingOlder);
  const bottom = useNear(box, room.loadNewer, room.hasNewer);
  useReadMarks(room.roomId, scroll.isAtEnd && !room.hasNewer ? (room.messages.at(-1)?.seq ?? null) : null);
  useDigest(room, people);
  useJump(room, messageId, scroll.to);
  const toNewest = () => {
    room.jumpToEnd();
    scroll.toEnd();
  };
  return (
    <div className="timeline-box">
      <div
        ref={box}
        id="timeline"
        className="timeline"
        role="log"
        aria-live="off"
        aria-label={text('timeline.label', { room: name })}
        aria-describedby="timeline-help"
        aria-busy={room.status === 'loading'}
        tabIndex={-1}
        onKeyDown={roving.onKeyDown}
      >
        <div className="timeline-rows">
          <div ref={top} className="near" />
          <Begin room={room} />
          {rows.map((row) => (
            <TimelineRow key={row.key} row={row} {...props} people={people} roving={roving} />
          ))}
          <ReceiptLine roomId={room.roomId} newest={mine} />
          <div ref={bottom} className="near" />
        </div>
      </div>
      <p id="timeline-help" className="visually-hidden">
        {text('timeline.help')}
      </p>
      {(!scroll.isAtEnd || room.hasNewer) && (
        <button type="button" className="button to-end" onClick={toNewest}>
          <Icon name="down" />
          {room.newMessages > 0
            ? text('timeline.newMessages', { count: room.newMessages })
            : text('timeline.jump')}
        </button>
      )}
    </div>
  );
}

type RowProps = Parameters<typeof Timeline>[0] & {
  readonly row: Row;
  readonly people: ReturnType<typeof usePeople>;
  readonly roving: ReturnType<typeof useRoving>;
};

function TimelineRow({ row, room, people, roving, onEdit, onReply }: RowProps) {
  switch (row.type) {
    case 'day':
      return <DayLine at={row.at} />;
    case 'unread':
      return <UnreadLine count={row.count} />;
    case 'pending':
      return (
        <PendingRow row={row} room={room} isCurrent={roving.current === row.key} onFocus={roving.onFocus} />
      );
    case 'message':
      return (
        <MessageRow
          rowKey={row.key}
          message={row.message}
          isFollowing={row.isFollowing}
          isCurrent={roving.current === row.key}
          onFocus={roving.onFocus}
          change={room.changes.get(row.message.id)}
          reactions={room.reactions.get(row.message.id)}
          people={people}
          roomId={room.roomId}
          onEdit={onEdit}
          onReply={onReply}
        />
      );
  }
}

function DayLine({ at }: { readonly at: Date }) {
  const text = useText();
  const dates = useDates();
  const days = Math.round((startOf(new Date()) - startOf(at)) / 86_400_000);
  const said = days === 0 ? text('timeline.today') : days === 1 ? text('timeline.yesterday') : dates.day(at);
  return (
    <h3 className="line">
      <span>{said}</span>
    </h3>
  );
}

const startOf = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

function UnreadLine({ count }: { readonly count: number }) {
  const text = useText();
  return (
    <h3 className="line unread-line">
      <span>{text('timeline.unread', { count })}</span>
    </h3>
  );
}

function Begin({ room }: { readonly room: ReturnType<typeof useRoom> }) {
  const text = useText();
  if (room.status === 'loading') return <Skeleton />;
  if (room.isLoadingOlder) return <p className="quiet centred">{text('timeline.older')}</p>;
  if (room.hasOlder) return null;
  const isEmpty = room.messages.length === 0 && room.pending.length === 0;
  return <p className="quiet centred">{text(isEmpty ? 'timeline.empty' : 'timeline.beginning')}</p>;
}

function Skeleton() {
  const text = useText();
  return (
    <div className="skeleton">
      <span className="visually-hidden">{text('app.loading')}</span>
      {[60, 35, 80, 50, 70].map((width) => (
        <span key={width} className={`bone w${width}`} aria-hidden="true" />
      ))}
    </div>
  );
}

/** The message of the address, once. */
function useJump(
  room: ReturnType<typeof useRoom>,
  messageId: string | null,
  to: (key: string) => boolean,
): void {
  const [done, setDone] = useState<string | null>(null);
  const asked = useRef<string | null>(null);
  useEffect(() => {
    if (!messageId || done === messageId || room.status === 'loading') return;
    const message = room.messages.find(({ id }) => id === messageId);
    if (message && to(keyOf(message))) {
      document.querySelector<HTMLElement>(`[data-key="${CSS.escape(keyOf(message))}"]`)?.focus();
      setDone(messageId);
    } else if (asked.current !== messageId) {
      asked.current = messageId;
      room.jumpTo(messageId);
    }
  }, [room, messageId, done, to]);
}

/** Whose names are shown: the same array until somebody else is among them. */
function useSenders(messages: readonly Message[]): readonly string[] {
  const held = useRef<readonly string[]>([]);
  return useMemo(() => {
    const ids = new Set<string>();
    for (const message of messages) {
      if (!message.erased) ids.add(message.senderId);
      if (message.quote && !message.quote.erased) ids.add(message.quote.senderId);
      for (const id of message.mentions ?? []) ids.add(id);
    }
    const next = [...ids].sort();
    if (next.join('\n') !== held.current.join('\n')) held.current = next;
    return held.current;
  }, [messages]);
}

const isMessage = ({ type }: Row) => type === 'message' || type === 'pending';

// Tells the announcer of new messages of others, as they come while the room is open; history and one's own are not told.
import type { Message } from '@appsync-chat/client';
import type { usePeople, useRoom } from '@appsync-chat/client/react';
import { useEffect, useRef } from 'react';
import { useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { plain } from '../text/markup.ts';
import { useAnnounce } from './announcer.tsx';
import { Digest } from './digest.ts';

export function useDigest(room: ReturnType<typeof useRoom>, people: ReturnType<typeof usePeople>): void {
  const announce = useAnnounce();
  const text = useText();
  const me = useMe();
  const digest = useRef(new Digest());
  const newest = useRef<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const names = useRef(people);
  names.current = people;

  useEffect(() => {
    const tell = () => {
      const due = digest.current.take(Date.now());
      if (due)
        announce(text('announce.messages', { count: due.count, name: due.senderName, text: due.text }));
    };
    const fresh = newSince(room.messages, newest.current).filter(({ senderId }) => senderId !== me);
    if (room.status !== 'loading') newest.current = room.messages.at(-1)?.seq ?? newest.current ?? 0;
    const heard = fresh.map((message) => ({
      id: message.id,
      senderName: names.current.get(message.senderId)?.name ?? message.senderId,
      text: plain(message.text ?? ''),
    }));
    const dueIn = digest.current.add(heard, Date.now());
    if (dueIn === null) return;
    clearTimeout(timer.current);
    timer.current = setTimeout(tell, dueIn);
  }, [room.messages, room.status, me, announce, text]);

  useEffect(() => () => clearTimeout(timer.current), []);
}

function newSince(messages: readonly Message[], seq: number | null): readonly Message[] {
  if (seq === null) return [];
  const first = messages.findIndex((each) => (each.seq ?? 0) > seq);
  return first < 0 ? [] : messages.slice(first).filter(({ removedAt }) => !removedAt);
}

// What is at the end of a room that is seen is read: a page that is hidden, or behind another window, reads nothing.
import type { useRoom } from '@appsync-chat/client/react';
import { useEffect, useState } from 'react';

export function useReading(room: ReturnType<typeof useRoom>, isAtEnd: boolean): void {
  const isSeen = useSeen();
  const newest = room.messages.at(-1)?.seq ?? 0;
  const { read } = room;
  useEffect(() => {
    if (isSeen && isAtEnd && newest > 0) read(newest);
  }, [isSeen, isAtEnd, newest, read]);
}

function useSeen(): boolean {
  const [isSeen, setSeen] = useState(isPageSeen);
  useEffect(() => {
    const look = () => setSeen(isPageSeen());
    const ending = new AbortController();
    const { signal } = ending;
    document.addEventListener('visibilitychange', look, { signal });
    window.addEventListener('focus', look, { signal });
    window.addEventListener('blur', look, { signal });
    return () => ending.abort();
  }, []);
  return isSeen;
}

const isPageSeen = () => document.visibilityState === 'visible' && document.hasFocus();

// What was begun in a room is there again after a reload, in this tab's person's own storage. Signing out removes it.
import { useEffect, useState } from 'react';
import { useMe } from '../me.ts';

const keyOf = (userId: string, roomId: string) => `draft/${encodeURIComponent(userId)}/${roomId}`;

/** `given`: what is edited instead; it is no draft. */
export function useDraft(roomId: string, given: string | null): readonly [string, (words: string) => void] {
  const key = keyOf(useMe(), roomId);
  const [words, setWords] = useState(() => given ?? read(key));
  const isDraft = given === null;
  useEffect(() => {
    if (!isDraft) return;
    const timer = setTimeout(() => write(key, words), 300);
    return () => {
      clearTimeout(timer);
      write(key, words);
    };
  }, [key, words, isDraft]);
  return [words, setWords];
}

/** Everything that this person has begun. */
export function forgetDrafts(userId: string): void {
  try {
    const prefix = keyOf(userId, '');
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // there is no storage, and nothing in it
  }
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

function write(key: string, words: string): void {
  try {
    if (words) localStorage.setItem(key, words);
    else localStorage.removeItem(key);
  } catch {
    // it is there as long as the page is
  }
}

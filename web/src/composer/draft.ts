// What was begun in a room is there again after a reload, in this tab's person's own storage, and on their other devices.
// Signing out removes it here.
import { draftsOperation, saveDraftOperation } from '@appsync-chat/client';
import { useChat, useConnection } from '@appsync-chat/client/react';
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
} from 'react';
import { useMe } from '../me.ts';
import { DraftSync } from './draft-sync.ts';

const Drafts = createContext<DraftSync | null>(null);

/** The drafts of the person's other devices are read once there is a connection, and when the page is looked at again. */
export function DraftsProvider({ children }: { readonly children: ReactNode }) {
  const client = useChat();
  const { connection } = useConnection();
  const sync = useMemo(
    () =>
      new DraftSync({
        drafts: (nextToken) => client.call(draftsOperation, { limit: 100, nextToken }),
        save: (roomId, text, rev) => client.call(saveDraftOperation, { roomId, text, rev }),
        later: (afterMs, then) => setTimeout(then, afterMs),
        now: () => performance.now(),
      }),
    [client],
  );
  const isOnline = connection === 'online';
  useEffect(() => {
    if (!isOnline) return;
    const read = () => {
      if (!document.hidden) void sync.read();
    };
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [sync, isOnline]);
  return createElement(Drafts.Provider, { value: sync }, children);
}

const keyOf = (userId: string, roomId: string) => `draft/${encodeURIComponent(userId)}/${roomId}`;

interface Stored {
  readonly words: string;
  /** What the server had when they were written. */
  readonly base: string;
}

/** `given`: what is edited instead; it is no draft. */
export function useDraft(roomId: string, given: string | null): readonly [string, (words: string) => void] {
  const key = keyOf(useMe(), roomId);
  const isDraft = given === null;
  const sync = useContext(Drafts);
  const [{ words, base }, set] = useState<Stored>(() => (isDraft ? read(key) : { words: given, base: '' }));
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was there when the room was opened
  useEffect(() => {
    if (!isDraft) return;
    return sync?.open(roomId, words, base, (saved, isTaken) =>
      set((now) => ({ words: isTaken ? saved : now.words, base: saved })),
    );
  }, [sync, roomId, isDraft]);
  useEffect(() => {
    if (!isDraft) return;
    const timer = setTimeout(() => write(key, { words, base }), 300);
    return () => {
      clearTimeout(timer);
      write(key, { words, base });
    };
  }, [key, words, base, isDraft]);
  const change = (next: string) => {
    set((now) => ({ ...now, words: next }));
    if (isDraft) sync?.write(roomId, next);
  };
  return [words, change];
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

function read(key: string): Stored {
  try {
    const { words, base } = JSON.parse(localStorage.getItem(key) ?? '{}');
    return { words: String(words ?? ''), base: String(base ?? '') };
  } catch {
    return { words: '', base: '' };
  }
}

function write(key: string, stored: Stored): void {
  try {
    if (stored.words || stored.base) localStorage.setItem(key, JSON.stringify(stored));
    else localStorage.removeItem(key);
  } catch {
    // it is there as long as the page is
  }
}

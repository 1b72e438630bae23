// Addresses of files and pictures. Each is good for some minutes, so it is asked for when it is shown, and again when somebody
// comes to it after that.
import { attachmentOperation, avatarOperation, CallRefused, type Person } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useCallback, useEffect, useState } from 'react';

interface Address {
  readonly url: string;
  readonly expiresAt: string;
}

export interface Url {
  readonly url: string | null;
  /** There is no such file any more. */
  readonly isGone: boolean;
  /** Ask again, if the address is about to end. */
  readonly renew: () => void;
}

/** What a download of a large file may need. */
const SPARE_MS = 60_000;
const MOST_KEPT = 500;
/** What was answered last. What is gone is not asked for again. */
type Known = Address | 'gone';
const kept = new Map<string, Known>();

const isGood = (known: Known | undefined): known is Known =>
  known === 'gone' || (known !== undefined && Date.parse(known.expiresAt) - Date.now() > SPARE_MS);

const goneIfRefused = (error: unknown): Known | null =>
  error instanceof CallRefused && error.refusal.code === 'InvalidInput' ? 'gone' : null;

function useUrl(key: string | null, ask: () => Promise<Address | null>): Url {
  const [known, setKnown] = useState<Known | null>(null);
  const renew = useCallback(async () => {
    if (key === null) return;
    const held = kept.get(key);
    const next = isGood(held) ? held : await ask().catch(goneIfRefused);
    if (!next) return;
    kept.delete(key);
    kept.set(key, next);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    setKnown(next);
  }, [key, ask]);
  useEffect(() => {
    void renew();
  }, [renew]);
  const isGone = known === 'gone';
  return { url: key === null || isGone ? null : (known?.url ?? null), isGone, renew };
}

export function useAttachmentUrl(roomId: string, id: string): Url {
  const client = useChat();
  const ask = useCallback(() => client.call(attachmentOperation, { roomId, id }), [client, roomId, id]);
  return useUrl(`${roomId}/${id}`, ask);
}

export function useAvatarUrl(roomId: string, person: Person | undefined): string | null {
  const client = useChat();
  const id = person?.avatarId ?? null;
  const ask = useCallback(
    async () => (id === null ? null : client.call(avatarOperation, { roomId, id })),
    [client, roomId, id],
  );
  const { url } = useUrl(id === null ? null : `${roomId}/${id}`, ask);
  return person?.avatarUrl ?? url;
}

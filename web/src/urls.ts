// Addresses of files and pictures. Each is good for some minutes, so it is asked for when it is shown, and again when somebody
// comes to it after that.
import { attachmentOperation, avatarOperation, type Person } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useCallback, useEffect, useState } from 'react';

interface Address {
  readonly url: string;
  readonly expiresAt: string;
}

export interface Url {
  readonly url: string | null;
  /** Ask again, if the address is about to end. */
  readonly renew: () => void;
}

/** What a download of a large file may need. */
const SPARE_MS = 60_000;
const MOST_KEPT = 500;
const kept = new Map<string, Address>();

const isGood = (address: Address | undefined): address is Address =>
  address !== undefined && Date.parse(address.expiresAt) - Date.now() > SPARE_MS;

function useUrl(key: string | null, ask: () => Promise<Address | null>): Url {
  const [address, setAddress] = useState<Address | null>(null);
  const renew = useCallback(async () => {
    if (key === null) return;
    const held = kept.get(key);
    const next = isGood(held) ? held : await ask().catch(() => null);
    if (!next) return;
    kept.delete(key);
    kept.set(key, next);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    setAddress(next);
  }, [key, ask]);
  useEffect(() => {
    void renew();
  }, [renew]);
  return { url: key === null ? null : (address?.url ?? null), renew };
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

import { reactOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useCallback } from 'react';
import { useAnnounce } from '../announcer/announcer.tsx';
import { useText } from '../i18n/use-text.ts';
import { reasonOf } from '../ui/use-action.ts';

/** Reacts to a message, or takes that back; why that was refused is said aloud. */
export function useReact(roomId: string): (id: string, emoji: string, on: boolean) => void {
  const client = useChat();
  const announce = useAnnounce();
  const text = useText();
  return useCallback(
    (id, emoji, on) => {
      client
        .call(reactOperation, { roomId, id, emoji, on })
        .catch((error: unknown) => announce(text('refusal.failed', { reason: reasonOf(error, text) })));
    },
    [client, roomId, announce, text],
  );
}

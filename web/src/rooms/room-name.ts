// What a room is called: its name, or in a direct room the other, or its id.
import { ERASED_SENDER, type RoomSummary } from '@appsync-chat/client';
import { useCallback } from 'react';
import { useText } from '../i18n/use-text.ts';

type Named = Pick<RoomSummary, 'roomId' | 'room'>;

export function useRoomName(): (room: Named) => string {
  const text = useText();
  return useCallback(
    ({ roomId, room }: Named) => {
      const other = room?.directWith === ERASED_SENDER ? text('timeline.erasedSender') : room?.directWith;
      return room?.name || other || roomId.replace(/^GUILD#/, '');
    },
    [text],
  );
}

// What a room is called: its name, or in a direct room the other, or its id.
import type { RoomSummary } from '@appsync-chat/client';
import { useCallback } from 'react';

type Named = Pick<RoomSummary, 'roomId' | 'room'>;

export function useRoomName(): (room: Named) => string {
  return useCallback(
    ({ roomId, room }: Named) => room?.name || room?.directWith || roomId.replace(/^GUILD#/, ''),
    [],
  );
}

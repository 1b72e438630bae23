// A room that one is invited to: it can be accepted or declined, and not read before.
import { joinRoomOperation, leaveRoomOperation, type RoomSummary } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';
import { goTo, roomHref } from '../route.ts';
import { useAction } from '../ui/use-action.ts';
import { useRoomName } from './room-name.ts';

export function Invitation({ room }: { readonly room: RoomSummary }) {
  const text = useText();
  const client = useChat();
  const nameOf = useRoomName();
  const action = useAction();
  const { roomId } = room;
  const accept = async () => {
    if (await action.run(() => client.call(joinRoomOperation, { roomId }))) goTo(roomHref(roomId));
  };
  const decline = () => action.run(() => client.call(leaveRoomOperation, { roomId }));
  return (
    <li className="invitation">
      <span className="room-name" dir="auto">
        {nameOf(room)}
      </span>
      <span className="quiet">{text('rooms.invitation')}</span>
      <button type="button" className="button small primary" disabled={action.isBusy} onClick={accept}>
        {text('rooms.accept')}
      </button>
      <button type="button" className="button small" disabled={action.isBusy} onClick={decline}>
        {text('rooms.decline')}
      </button>
      {action.problem && (
        <p className="problem" role="alert">
          {action.problem}
        </p>
      )}
    </li>
  );
}

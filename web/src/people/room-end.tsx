// Leaving a room, and ending it for everybody.
import { deleteRoomOperation, leaveRoomOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { goTo } from '../route.ts';
import { Confirm } from '../ui/dialog.tsx';
import { useAction } from '../ui/use-action.ts';

export function RoomEnd(props: {
  readonly roomId: string;
  readonly name: string;
  readonly isOwner: boolean;
}) {
  const { roomId, name, isOwner } = props;
  const text = useText();
  const client = useChat();
  const action = useAction();
  const [asking, setAsking] = useState<'leave' | 'delete' | null>(null);
  const end = async () => {
    const operation = asking === 'delete' ? deleteRoomOperation : leaveRoomOperation;
    if (!(await action.run(() => client.call(operation, { roomId })))) return;
    client.refresh();
    goTo('#/');
  };
  return (
    <div className="stack">
      <button type="button" className="button" onClick={() => setAsking('leave')}>
        {text('people.leave')}
      </button>
      {isOwner && (
        <button type="button" className="button danger" onClick={() => setAsking('delete')}>
          {text('people.delete')}
        </button>
      )}
      {action.problem && (
        <p className="problem" role="alert">
          {action.problem}
        </p>
      )}
      {asking && (
        <Confirm
          title={text(`people.${asking}Title`, { room: name })}
          text={text(`people.${asking}Text`)}
          action={text(`people.${asking}`)}
          onConfirm={end}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}

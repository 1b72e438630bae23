// The room's pinned messages, each a way to its place.
import { type Pin, pinsOperation, unpinMessageOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useCallback, useEffect, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { roomHref } from '../route.ts';
import { plain } from '../text/markup.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useAction } from '../ui/use-action.ts';

export default function PinsDialog(props: {
  readonly roomId: string;
  readonly mayUnpin: boolean;
  readonly onClose: () => void;
}) {
  const { roomId, mayUnpin, onClose } = props;
  const text = useText();
  const client = useChat();
  const { run, problem, isBusy } = useAction();
  const [pins, setPins] = useState<readonly Pin[] | null>(null);
  const read = useCallback(
    () => run(async () => setPins((await client.call(pinsOperation, { roomId })) ?? [])),
    [client, roomId, run],
  );
  useEffect(() => {
    void read();
  }, [read]);
  const unpin = async (id: string) => {
    if (await run(() => client.call(unpinMessageOperation, { roomId, id }))) await read();
  };
  return (
    <Dialog title={text('room.pins')} onClose={onClose}>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {pins === null && !problem && <p className="quiet">{text('app.loading')}</p>}
      {pins?.length === 0 && <p className="quiet">{text('room.noPins')}</p>}
      <ul className="stack">
        {pins?.map(({ message }) => (
          <li key={message.id} className="pin">
            <a href={roomHref(roomId, message.id)} onClick={onClose}>
              <span className="sender" dir="auto">
                {message.erased ? text('timeline.erasedSender') : message.senderId}
              </span>{' '}
              <span dir="auto">
                {plain(message.text ?? '') || text(message.removedAt ? 'rooms.removed' : 'rooms.attachment')}
              </span>
            </a>
            {mayUnpin && (
              <button
                type="button"
                className="button small"
                disabled={isBusy}
                onClick={() => unpin(message.id)}
              >
                {text('timeline.unpin')}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

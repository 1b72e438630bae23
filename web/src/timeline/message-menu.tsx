// What can be done with a message, by whom.
import { pinMessageOperation } from '@appsync-chat/client';
import { useChat, useRooms } from '@appsync-chat/client/react';
import { lazy, Suspense, useState } from 'react';
import { useAnnounce } from '../announcer/announcer.tsx';
import { useText } from '../i18n/use-text.ts';
import { roomHref } from '../route.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { reasonOf } from '../ui/use-action.ts';
import type { MessageRowProps } from './message-row.tsx';
import { QUICK } from './reactions.tsx';

const Confirm = lazy(async () => ({ default: (await import('../ui/dialog.tsx')).Confirm }));

export function MessageMenu(props: MessageRowProps & { readonly name: string; readonly isMine: boolean }) {
  const { message, roomId, isCurrent, isMine, name, onEdit, onReply } = props;
  const text = useText();
  const client = useChat();
  const announce = useAnnounce();
  const [isAsking, setAsking] = useState(false);
  const role = useRooms().find((each) => each.roomId === roomId)?.room?.me?.role;
  const isModerator = role === 'OWNER' || role === 'MODERATOR';
  const pin = () =>
    client
      .call(pinMessageOperation, { roomId, id: message.id })
      .catch((error: unknown) => announce(text('refusal.failed', { reason: reasonOf(error, text) })));
  const copy = async () => {
    await navigator.clipboard.writeText(new URL(roomHref(roomId, message.id), location.href).href);
    announce(text('announce.copied'));
  };
  const items: MenuItem[] = [
    { key: 'reply', label: text('timeline.reply'), onChoose: () => onReply(message) },
    ...QUICK.map((emoji) => ({
      key: emoji,
      label: text('timeline.reactWith', { emoji }),
      onChoose: () => client.react(roomId, message.id, emoji),
    })),
    ...(isMine ? [{ key: 'edit', label: text('timeline.edit'), onChoose: () => onEdit(message) }] : []),
    ...(isModerator ? [{ key: 'pin', label: text('timeline.pin'), onChoose: pin }] : []),
    { key: 'copy', label: text('timeline.copyLink'), onChoose: copy },
    ...(isMine || isModerator
      ? [{ key: 'remove', label: text('timeline.remove'), onChoose: () => setAsking(true), isDanger: true }]
      : []),
  ];
  return (
    <div className="message-menu">
      <Menu label={text('timeline.actions', { name })} items={items} tabIndex={isCurrent ? 0 : -1}>
        <Icon name="more" />
      </Menu>
      {isAsking && (
        <Suspense>
          <Confirm
            title={text('timeline.removeTitle')}
            text={text('timeline.removeText')}
            action={text('timeline.remove')}
            onConfirm={() => client.remove(roomId, message.id)}
            onClose={() => setAsking(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

// A message whose sender was erased, as the page shows it: by what the message says, whatever its sender's id.
import type { ChatClient, Message, Room } from '@appsync-chat/client';
import { ERASED_SENDER } from '@appsync-chat/client';
import { ChatProvider } from '@appsync-chat/client/react';
import type { ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { expect, test } from 'vitest';
import { en } from '../src/i18n/en.ts';
import { es } from '../src/i18n/es.ts';
import { fr } from '../src/i18n/fr.ts';
import { useRoomName } from '../src/rooms/room-name.ts';
import { MessageRow } from '../src/timeline/message-row.tsx';
import { QuoteLine } from '../src/timeline/quote-line.tsx';

const BASE: Message = {
  id: 'm1',
  roomId: 'lobby',
  senderId: 'nobody',
  ts: '2026-01-01T00:00:00.000Z',
  seq: 1,
};
const AT = { removedAt: '2026-01-02T00:00:00.000Z' };
const ERASED = { ...AT, erased: true };
const nothing = () => undefined;

/** Nothing of the client is used here but that it is there. */
const client = { start: nothing, stop: nothing } as unknown as ChatClient;

function shown(part: ReactNode): string {
  const element = document.createElement('div');
  const root = createRoot(element);
  flushSync(() => root.render(<ChatProvider client={client}>{part}</ChatProvider>));
  const page = element.innerHTML;
  root.unmount();
  return page;
}

const row = (said: Partial<Message>) =>
  shown(
    <MessageRow
      rowKey="m1"
      message={{ ...BASE, ...said }}
      isFollowing={false}
      isCurrent
      onFocus={nothing}
      change={undefined}
      reactions={undefined}
      people={new Map()}
      roomId="lobby"
      onEdit={nothing}
      onReply={nothing}
    />,
  );

test('it says so in place of its text, and names nobody', () => {
  const page = row(ERASED);
  expect(page).toContain('This message was erased.');
  expect(page).toContain('Erased account');
  expect(page).not.toContain('nobody');
  expect(page).not.toContain('button');
  expect(page).toContain('avatar erased');
  expect(page).not.toContain('hue');
});

test('one that was removed by somebody says that', () => {
  const page = row(AT);
  expect(page).toContain('This message was removed.');
  expect(page).toContain('nobody');
});

test('a quote of it says so', () => {
  const { id, roomId, senderId, ts } = BASE;
  const quote = { id, roomId, senderId, ts, ...ERASED };
  const message: Message = { ...BASE, id: 'm2', senderId: 'bob', text: 'so', replyTo: 'm1', quote };
  const page = shown(<QuoteLine message={message} people={new Map()} roomId="lobby" />);
  expect(page).toContain('This message was erased.');
  expect(page).not.toContain('nobody');
});

function Name({ directWith }: { readonly directWith: string }) {
  const room = { directWith } as Room;
  return useRoomName()({ roomId: 'direct:1', room });
}

test('a direct room with whoever was erased is called so', () => {
  expect(shown(<Name directWith={ERASED_SENDER} />)).toBe('Erased account');
  expect(shown(<Name directWith="bob" />)).toBe('bob');
});

test('in each language', () => {
  expect([en, es, fr].map(({ timeline }) => timeline.erased)).toEqual([
    'This message was erased.',
    'Este mensaje fue borrado.',
    'Ce message a été effacé.',
  ]);
});

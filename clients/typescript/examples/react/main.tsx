// The same room in React: `?url=…&room=…&user=…&token=…`.
import { ChatClient } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';
import { indexedDbStorage } from '@appsync-chat/client/indexeddb';
import { ChatProvider } from '@appsync-chat/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { Room } from './Room.tsx';

const settings = new URLSearchParams(location.search);
const setting = (name: string) => settings.get(name) ?? '';
const userId = setting('user');

const client = new ChatClient({
  userId,
  transport: appsync({ url: setting('url'), getToken: () => setting('token') }),
  storage: indexedDbStorage({ userId }),
});

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
createRoot(root).render(
  <StrictMode>
    <ChatProvider client={client}>
      <Room roomId={setting('room')} userId={userId} />
    </ChatProvider>
  </StrictMode>,
);

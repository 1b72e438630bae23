// A room in a page without a framework: `?url=…&room=…&user=…&token=…` says which, where a real page asks its own server.
import { ChatClient } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';
import { indexedDbStorage } from '@appsync-chat/client/indexeddb';

const settings = new URLSearchParams(location.search);
const setting = (name: string) => settings.get(name) ?? '';
const userId = setting('user');
const roomId = setting('room');

const chat = new ChatClient({
  userId,
  transport: appsync({ url: setting('url'), getToken: () => setting('token') }),
  storage: indexedDbStorage({ userId }),
});

function element<Kind extends HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as Kind;
}

function line(text: string, className: string): HTMLLIElement {
  const item = document.createElement('li');
  item.textContent = text;
  item.className = className;
  return item;
}

function show(): void {
  const { status, messages, pending, drafts } = chat.getRoom(roomId);
  element('status').textContent = status;
  element('messages').replaceChildren(
    ...messages.map(({ senderId, text }) =>
      line(text ?? '(removed)', senderId === userId ? 'mine' : 'theirs'),
    ),
    ...pending.map(({ text }) => line(text, 'pending')),
    ...drafts.map(({ text, refusal }) => line(`${text} (${refusal?.sentence ?? ''})`, 'draft')),
  );
}

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = element<HTMLInputElement>('text');
  chat.send(roomId, input.value); // kept until it is stored: the field may be emptied at once
  input.value = '';
});

chat.subscribe(show);
chat.start();
chat.open(roomId);
show();

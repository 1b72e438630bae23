// A bot that answers `!ping` with `pong`: CHAT_URL, CHAT_TOKEN, CHAT_USER and CHAT_ROOM say where, and as whom.
import { ChatClient } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';
import WebSocket from 'ws';

const { CHAT_URL = '', CHAT_TOKEN = '', CHAT_USER = '', CHAT_ROOM = '' } = process.env;

const bot = new ChatClient({
  userId: CHAT_USER,
  transport: appsync({
    url: CHAT_URL,
    getToken: () => CHAT_TOKEN,
    socket: (url, protocols) => new WebSocket(url, protocols),
  }),
  syncs: false, // it is in one room, and shows no list
});

/** The number up to which everything is answered; `null` until the room is live: what is older was for nobody. */
let answered: number | null = null;

bot.subscribe(() => {
  const { status, messages } = bot.getRoom(CHAT_ROOM);
  if (status === 'live' && answered === null) {
    answered = messages.at(-1)?.seq ?? 0;
    console.log('live');
  }
  if (answered === null) return;
  for (const { seq, text, senderId } of messages) {
    if (!seq || seq <= answered) continue;
    answered = seq;
    if (senderId !== CHAT_USER && text === '!ping') bot.send(CHAT_ROOM, 'pong');
  }
});

bot.start();
bot.open(CHAT_ROOM);
process.once('SIGTERM', () => bot.stop());

// The page that real browsers are driven with, on the library alone. It shows a room, and keeps for the driver what it has
// shown and when.
import { ChatClient, type ConnectionStatus, type RoomStatus } from '../../src/index.ts';
import { indexedDbStorage } from '../../src/storage/indexeddb.ts';
import { appsync } from '../../src/transports/appsync.ts';
import { gateway } from '../../src/transports/gateway.ts';

/** What the address says after its `?`, as JSON. */
export interface Given {
  readonly userId: string;
  readonly token: string;
  readonly roomId: string;
  readonly url: string;
  /** Where it is there, the room is followed through the gateway. */
  readonly gatewayUrl?: string;
}

export interface State {
  readonly connection: ConnectionStatus;
  readonly status: RoomStatus;
  readonly isDurable: boolean | null;
  readonly pending: readonly string[];
  readonly messages: readonly string[];
}

/** What the driver asks of the page. */
export interface Page {
  state(): State;
  /** Send one after the other, with so many milliseconds before each; the page goes on by itself. */
  compose(texts: readonly string[], pausesMs: readonly number[]): void;
  /** Every text that was ever shown, pending or stored. */
  shown(): readonly string[];
  /** When each text was sent here, and when it was first shown as stored: milliseconds since the epoch by this page's clock. */
  times(): { readonly sent: Record<string, number>; readonly seen: Record<string, number> };
}

declare global {
  interface Window {
    page: Page;
  }
}

const { userId, token, roomId, url, gatewayUrl }: Given = JSON.parse(
  decodeURIComponent(location.search.slice(1)),
);
const getToken = () => token;
const client = new ChatClient({
  userId,
  transport: gatewayUrl ? gateway({ url: gatewayUrl, apiUrl: url, getToken }) : appsync({ url, getToken }),
  storage: indexedDbStorage({ userId }),
});
const shown = new Set<string>();
const sent: Record<string, number> = {};
const seen: Record<string, number> = {};
const now = () => performance.timeOrigin + performance.now();

function list(id: string, texts: readonly string[]): void {
  const items = texts.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  });
  document.getElementById(id)?.replaceChildren(...items);
}

const textsOf = (messages: readonly { readonly text?: string | null | undefined }[]) =>
  messages.map(({ text }) => text ?? '');

function show(): void {
  const { messages, pending } = client.getRoom(roomId);
  const stored = textsOf(messages);
  list('messages', stored.slice(-50));
  list('pending', textsOf(pending));
  for (const text of stored) seen[text] ??= now();
  for (const text of [...stored, ...textsOf(pending)]) shown.add(text);
}

async function compose(texts: readonly string[], pausesMs: readonly number[]): Promise<void> {
  for (const [n, text] of texts.entries()) {
    await new Promise((resolve) => setTimeout(resolve, pausesMs[n] ?? 0));
    sent[text] = now();
    client.send(roomId, text);
  }
}

client.subscribe(show);
client.start();
client.open(roomId);
window.page = {
  state: () => {
    const { connection, isDurable } = client.getSnapshot();
    const { status, pending, messages } = client.getRoom(roomId);
    return { connection, status, isDurable, pending: textsOf(pending), messages: textsOf(messages) };
  },
  compose: (texts, pausesMs) => void compose(texts, pausesMs),
  shown: () => [...shown],
  times: () => ({ sent, seen }),
};

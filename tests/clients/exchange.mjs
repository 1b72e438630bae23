// What every client does, whatever its library: it hears a message that it sends, and reads it.
// The document is named by a fourth argument.
import WebSocket from 'ws';

// Node 20 has no WebSocket of its own, which a browser has.
globalThis.WebSocket ??= WebSocket;

// What each client may send: only the first where subscribers get what the sender selects. `sent` is asked for seq and
// text under these names or others.
const SENDS = {
  whole: `mutation ($text: String!) {
    sendMessage(roomId: "lobby", text: $text) { id roomId senderId text ts seq epoch clientMessageId }
  }`,
  five: `mutation ($text: String!) { sendMessage(roomId: "lobby", text: $text) { id roomId senderId text ts } }`,
  fragment: `mutation ($text: String!) { sendMessage(roomId: "lobby", text: $text) { ...Sent } }
    fragment Sent on Message { id roomId senderId text ts seq }`,
  aliases: `mutation ($text: String!) {
    sendMessage(roomId: "lobby", text: $text) { id room: roomId senderId author: senderId text body: text at: ts }
  }`,
};
export const SEND = SENDS[process.argv[5] ?? 'whole'];
export const READ = 'query { messages(roomId: "lobby", limit: 100) { items { seq senderId text } head { epoch } } }';
export const WATCH = `subscription ($roomId: ID!, $epoch: Int!) {
  onMessage(roomId: $roomId, epoch: $epoch) { seq senderId text }
}`;

const PATIENCE_MS = 20_000;
const AGAIN_MS = 200;

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Sends until something is heard: no client says when its subscription is live.
export async function exchanged({ send, read, watch }) {
  const run = Math.random().toString(36).slice(2);
  let heard;
  let failed;
  const subscription = watch(
    { roomId: 'lobby', epoch: 1 },
    (message) => message.text?.includes(run) && (heard ??= message), // a stream may tell what was there before
    (error) => (failed ??= error),
  );
  const sent = [];
  for (const deadline = Date.now() + PATIENCE_MS; !heard && !failed && Date.now() < deadline; await later(AGAIN_MS)) {
    sent.push(await send(`message ${run} ${sent.length}`));
  }
  if (failed) throw failed;
  const items = await read();
  subscription.unsubscribe();
  return { sent, heard: heard ?? null, items };
}

export function report(exchange) {
  process.stdout.write(JSON.stringify(exchange) + '\n', () => process.exit(0));
}

// What a library throws has the refusals within it, by names of its own.
process.once('uncaughtException', (thrown) => {
  const refusals = thrown.errors ?? thrown.result?.errors ?? [thrown];
  const errors = refusals.map(({ errorType, message }) => ({ errorType, message }));
  process.stdout.write(JSON.stringify({ errors }) + '\n', () => process.exit(1));
});

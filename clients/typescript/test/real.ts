// Where the real functions are, as tests/clients/programs.py says, and what tests ask of them past the client.
import { appsync } from '../src/transports/appsync.ts';
import { CallRefused } from '../src/transports/transport.ts';
import { createRoomOperation, messagesOperation } from '../src/wire/generated/operations.ts';
import type { Message } from '../src/wire/generated/types.ts';

/** The API's address; empty where there is none, and then tests with it are skipped. */
export const API = process.env.CHAT_URL ?? '';
export const GATEWAY = process.env.CHAT_GATEWAY ?? '';
export const TOKENS: Readonly<Record<string, string>> = JSON.parse(process.env.CHAT_TOKENS ?? '{}');
/** Who may set a room's limits, and somebody else. */
export const [OWNER = '', OTHER = ''] = Object.keys(TOKENS);
export const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** Where the page is served, so that the gateway lets it in. */
export const PAGE_PORT = Number(process.env.CHAT_PAGE_PORT ?? 0);

export const tokenOf = (user: string) => () => TOKENS[user] ?? '';

/** Who has made many rooms has to wait, so the next one makes it; once all of them have, the server says how long. */
async function created(people: readonly string[]): Promise<string> {
  let waitMs = 0;
  for (const creator of people) {
    const api = appsync({ url: API, getToken: tokenOf(creator) });
    try {
      const members = people.filter((user) => user !== creator);
      return (await api.call(createRoomOperation, { members }))?.roomId ?? '';
    } catch (error) {
      const { refusal } = error instanceof CallRefused ? error : { refusal: null };
      if (refusal?.code !== 'RateLimited') throw error;
      waitMs = refusal.retryAfterMs;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return created(people);
}

/** A room of an administrator and one other, in which they may write as fast as they like. */
export async function made(): Promise<string> {
  const roomId = await created([OWNER, OTHER]);
  const query = `mutation { updateRoom(roomId: "${roomId}", personPerSecond: 900, personBurst: 9000, roomPerSecond: 900,
    roomBurst: 9000) { id roomId senderId ts epoch notice { kind userId nextEpoch } } }`;
  const headers = { authorization: TOKENS[OWNER] ?? '', 'content-type': 'application/json' };
  const answer = await fetch(API, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { errors } = (await answer.json()) as { errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return roomId;
}

/** What the server has of a room, the oldest first: every message, or the newest ones. */
export async function stored(roomId: string, newest = Number.POSITIVE_INFINITY): Promise<readonly Message[]> {
  const api = appsync({ url: API, getToken: tokenOf(OTHER) });
  const messages: Message[] = [];
  let nextToken: string | null | undefined = null;
  do {
    const page: Awaited<ReturnType<typeof read>> = await read(nextToken);
    messages.push(...(page?.items ?? []));
    nextToken = page?.nextToken;
  } while (nextToken && messages.length < newest);
  return messages.reverse();

  function read(from: string | null | undefined) {
    return api.call(messagesOperation, { roomId, limit: 100, nextToken: from ?? null });
  }
}

export const textsOf = async (roomId: string) =>
  (await stored(roomId)).map(({ text }) => text ?? '').filter((text) => text !== '');

// Three ways to keep a room's messages in a page, each as its own documents say: all of them get one message after the
// other, as events come, and then a page of older ones.
import { ApolloClient, ApolloLink, gql, InMemoryCache } from '@apollo/client';
import { StreamChat } from 'stream-chat';

import { ChatCore } from '../src/core/chat.ts';
import type { Effect } from '../src/core/protocol.ts';
import type { Message } from '../src/wire/generated/types.ts';

export interface Contestant {
  /** One live event after the other. */
  apply(messages: readonly Message[]): void;
  /** A page of older messages, the newest first. */
  merge(page: readonly Message[]): void;
  /** What a page would show now. */
  read(): readonly unknown[];
}

const ROOM = 'lobby';
const START = Date.UTC(2026, 0, 1);

/** Messages of these numbers, as they come from JSON. */
export function messages(from: number, to: number): Message[] {
  const made = Array.from({ length: to - from }, (_, n) => ({
    ...{
      id: `m${from + n}`,
      roomId: ROOM,
      senderId: `person ${n % 50}`,
      text: `a message of some words, number ${from + n}`,
    },
    ...{ ts: new Date(START + (from + n) * 1_000).toISOString(), seq: from + n, epoch: 1, rev: null },
    clientMessageId: `o${from + n}`,
  }));
  return JSON.parse(JSON.stringify(made));
}

/** Our core, with everything around the timeline: gaps, the outbox, and the store that a page follows. */
function ours(keep: number): Contestant {
  const core = new ChatCore({ userId: 'me', chance: () => 0, syncs: false, keep });
  let older: readonly Message[] = [];
  const head = { seq: OLDER, ts: new Date(START + OLDER * 1_000).toISOString(), epoch: 1, rev: OLDER };
  const answers: Record<string, () => unknown> = {
    messages: () => ({ items: older, nextToken: 'more', head }),
    changes: () => ({ items: [], nextToken: null, head, reset: false }),
  };
  const feed = (event: Parameters<ChatCore['feed']>[0]): void => {
    for (const effect of core.feed(event, START)) answer(effect);
  };
  const answer = (effect: Effect): void => {
    if (effect.type === 'subscribe') feed({ ...effect, type: 'subscribed' });
    const value = effect.type === 'request' && answers[effect.field]?.();
    if (value) feed({ type: 'answered', number: effect.number, value });
  };
  older = messages(OLDER, OLDER + 1);
  feed({ type: 'start' });
  feed({ type: 'loaded', roomId: null, entries: [] });
  feed({ type: 'up' });
  feed({ type: 'open', roomId: ROOM });
  return {
    apply: (all) => {
      for (const message of all) feed({ type: 'live', message });
    },
    merge: (page) => {
      older = page;
      feed({ type: 'loadOlder', roomId: ROOM });
    },
    read: () => core.getRoom(ROOM).messages,
  };
}

const QUERY = gql`query Messages($roomId: ID!) {
  messages(roomId: $roomId) { items { id roomId senderId text ts seq epoch rev clientMessageId } } }`;
const FRAGMENT = gql`fragment All on Message { id roomId senderId text ts seq epoch rev clientMessageId }`;

/** Its cache, normalized by id, with references put into the list. */
function apollo(): Contestant {
  const cache = new InMemoryCache({
    typePolicies: { Query: { fields: { messages: { keyArgs: ['roomId'] } } } },
  });
  const client = new ApolloClient({ cache, link: ApolloLink.empty() });
  const variables = { roomId: ROOM };
  const typed = (message: Message) => ({ __typename: 'Message' as const, ...message });
  const data = {
    messages: { __typename: 'MessageConnection', items: messages(OLDER, OLDER + 1).map(typed) },
  };
  client.writeQuery({ query: QUERY, variables, data });
  const put = (
    all: readonly Message[],
    into: (existing: readonly unknown[], refs: readonly unknown[]) => unknown[],
  ) => {
    const refs = all.map((message) => cache.writeFragment({ fragment: FRAGMENT, data: typed(message) }));
    cache.modify({
      fields: { messages: (existing) => ({ ...existing, items: into(existing.items, refs) }) },
    });
  };
  return {
    apply: (all) => {
      for (const message of all) put([message], (existing, refs) => [...existing, ...refs]);
    },
    merge: (page) => put([...page].reverse(), (existing, refs) => [...refs, ...existing]),
    read: () => client.readQuery<typeof data>({ query: QUERY, variables })?.messages.items ?? [],
  };
}

/** The state of its channel. */
function streamChat(): Contestant {
  const client = Object.assign(new StreamChat('key'), { userID: 'me' }); // connected, as far as a channel's state asks
  const { state } = client.channel('messaging', ROOM);
  const theirs = ({ id, text, senderId, ts }: Message) =>
    ({
      id,
      text: text ?? '',
      user: { id: senderId },
      type: 'regular',
      created_at: ts,
      updated_at: ts,
    }) as never;
  state.initMessages();
  state.addMessageSorted(theirs(messages(OLDER, OLDER + 1)[0] as Message));
  return {
    apply: (all) => {
      for (const message of all) state.addMessageSorted(theirs(message));
    },
    merge: (page) => state.addMessagesSorted([...page].reverse().map(theirs), false, true, true, 'current'),
    read: () => state.messages,
  };
}

/** The number of the message that is there at first; the page has those before. */
export const OLDER = 100;

export const CONTESTANTS: Readonly<Record<string, () => Contestant>> = {
  'this one, all kept': () => ours(100_000),
  'this one, 500 kept': () => ours(500),
  '@apollo/client': apollo,
  'stream-chat': streamChat,
};

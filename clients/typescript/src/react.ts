'use client';
// The client in React: what is shown comes from the one store, whose objects stay the same until something in them
// changes, so nothing is rendered for nothing.
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { ChatClient } from './client.ts';
import type { RoomSnapshot, RoomSummary, Snapshot } from './core/protocol.ts';
import type { Message } from './wire/generated/types.ts';

const Context = createContext<ChatClient | null>(null);

/** Runs the client as long as it is mounted. */
export function ChatProvider(props: {
  readonly client: ChatClient;
  readonly children?: ReactNode;
}): ReactElement {
  const { client, children } = props;
  useEffect(() => {
    client.start();
    return () => client.stop();
  }, [client]);
  return createElement(Context.Provider, { value: client }, children);
}

/** The provider's client. */
export function useChat(): ChatClient {
  const client = useContext(Context);
  if (!client) throw new Error('there is no ChatProvider above');
  return client;
}

/** Whether live events come, and whether what waits outlives the page. */
export function useConnection(): Pick<Snapshot, 'connection' | 'isDurable'> {
  const { connection, isDurable } = useSnapshot();
  return useMemo(() => ({ connection, isDurable }), [connection, isDurable]);
}

/** The person's rooms, the newest first. */
export function useRooms(): readonly RoomSummary[] {
  return useSnapshot().rooms;
}

/** What may be done in a room: `ChatClient`'s methods, of this room. */
export interface RoomActions {
  /** Returns the `clientMessageId`. */
  readonly send: (text: string) => string;
  /** Rejects with `CallRefused`: it is not queued. */
  readonly edit: (id: string, text: string) => Promise<Message | null>;
  /** Rejects with `CallRefused`: it is not queued. */
  readonly remove: (id: string) => Promise<Message | null>;
  /** A draft again, with another text if there is one. */
  readonly retry: (clientMessageId: string, text?: string) => void;
  /** Throw a draft away. */
  readonly discard: (clientMessageId: string) => void;
  /** Read the page before the oldest message. */
  readonly loadOlder: () => void;
  /** The person looks at the newest messages: older ones need not stay in memory. */
  readonly shrink: () => void;
  /** The person has read up to this number. */
  readonly read: (seq: number) => void;
}

/** A room, followed while somebody shows it, and what may be done in it. */
export function useRoom(roomId: string): RoomSnapshot & RoomActions {
  const client = useChat();
  useEffect(() => client.open(roomId), [client, roomId]);
  const get = useCallback(() => client.getRoom(roomId), [client, roomId]);
  const room = useSyncExternalStore(client.subscribe, get, get);
  const actions = useMemo<RoomActions>(
    () => ({
      send: (text) => client.send(roomId, text),
      edit: (id, text) => client.edit(roomId, id, text),
      remove: (id) => client.remove(roomId, id),
      retry: (clientMessageId, text) => client.retry(clientMessageId, text),
      discard: (clientMessageId) => client.discard(clientMessageId),
      loadOlder: () => client.loadOlder(roomId),
      shrink: () => client.shrink(roomId),
      read: (seq) => client.read(roomId, seq),
    }),
    [client, roomId],
  );
  return useMemo(() => ({ ...room, ...actions }), [room, actions]);
}

function useSnapshot(): Snapshot {
  const client = useChat();
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
}

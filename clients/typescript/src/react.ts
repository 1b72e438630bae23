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
  useState,
  useSyncExternalStore,
} from 'react';
import type { ChatClient } from './client.ts';
import type { RoomSnapshot, RoomSummary, Snapshot } from './core/shown.ts';
import { presenceOperation } from './wire/generated/operations.ts';
import type { DeliveryConfirmation, Person, PresenceStatus } from './wire/generated/types.ts';

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

/** Whether live events come, whether what waits outlives the page, and whether that has to be loaded anew. */
export function useConnection(): Pick<Snapshot, 'connection' | 'isDurable' | 'isOutdated'> {
  const { connection, isDurable, isOutdated } = useSnapshot();
  return useMemo(() => ({ connection, isDurable, isOutdated }), [connection, isDurable, isOutdated]);
}

/** `Snapshot.dataRequested`. */
export function useDataRequested(): string | null {
  return useSnapshot().dataRequested;
}

/** The person's rooms, the newest first. */
export function useRooms(): readonly RoomSummary[] {
  return useSnapshot().rooms;
}

/** What may be done in a room: `ChatClient`'s methods, of this room. */
export interface RoomActions {
  /** Returns the `clientMessageId`. */
  readonly send: (text: string) => string;
  readonly edit: (id: string, text: string) => void;
  readonly remove: (id: string) => void;
  readonly react: (id: string, emoji: string, on?: boolean) => void;
  readonly retry: (clientMessageId: string, text?: string) => void;
  /** Throw a draft away. */
  readonly discard: (clientMessageId: string) => void;
  /** Read the page before the oldest message. */
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
  readonly jumpTo: (id: string) => void;
  readonly jumpToEnd: () => void;
  readonly clearUnreadLine: () => void;
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
      react: (id, emoji, on) => client.react(roomId, id, emoji, on),
      retry: (clientMessageId, text) => client.retry(clientMessageId, text),
      discard: (clientMessageId) => client.discard(clientMessageId),
      loadOlder: () => client.loadOlder(roomId),
      loadNewer: () => client.loadNewer(roomId),
      jumpTo: (id) => client.jumpTo(roomId, id),
      jumpToEnd: () => client.jumpToEnd(roomId),
      clearUnreadLine: () => client.clearUnreadLine(roomId),
      read: (seq) => client.read(roomId, seq),
    }),
    [client, roomId],
  );
  return useMemo(() => ({ ...room, ...actions }), [room, actions]);
}

/**
 * Marks the room as read up to `seq`, the last message on the screen, as long as this is mounted and the page is visible and
 * focused; `null` while none of it is on the screen.
 */
export function useReadMarks(roomId: string, seq: number | null): void {
  const client = useChat();
  useEffect(() => client.shown(roomId, seq), [client, roomId, seq]);
  useEffect(() => () => client.shown(roomId, null), [client, roomId]);
}

export interface Typing {
  /** Who is writing, but for the person themself. */
  readonly typing: readonly string[];
  /** The person writes something: call it at each key. */
  readonly say: () => void;
}

/** Who is writing in an open room. */
export function useTyping(roomId: string): Typing {
  const client = useChat();
  const get = useCallback(() => client.getTyping(roomId), [client, roomId]);
  const typing = useSyncExternalStore(client.subscribe, get, get);
  const say = useCallback(() => client.typing(roomId), [client, roomId]);
  return useMemo(() => ({ typing, say }), [typing, say]);
}

/** What these people of a room are called, by their ids; `ids` is the same array until somebody else is shown. */
export function usePeople(roomId: string, ids: readonly string[]): ReadonlyMap<string, Person> {
  const client = useChat();
  useEffect(() => client.want(roomId, ids), [client, roomId, ids]);
  const get = useCallback(() => client.getPeople(roomId), [client, roomId]);
  return useSyncExternalStore(client.subscribe, get, get);
}

/** How many have that message of one's own and have read it; `null` where it is not known, or too many to count. */
export function useReceipts(roomId: string, seq: number | null): DeliveryConfirmation | null {
  const client = useChat();
  useEffect(() => client.confirm(roomId, seq), [client, roomId, seq]);
  const get = useCallback(() => client.getConfirmation(roomId), [client, roomId]);
  const shown = useSyncExternalStore(client.subscribe, get, get);
  return shown?.seq === seq ? shown : null;
}

const PRESENCE_MS = 30_000;

/** Who of a room is there, asked again every half a minute as long as somebody looks; empty in rooms of over 100 people. */
export function usePresence(roomId: string): ReadonlyMap<string, PresenceStatus> {
  const client = useChat();
  const [people, setPeople] = useState<ReadonlyMap<string, PresenceStatus>>(new Map());
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      const found = await client.call(presenceOperation, { roomId }).catch(() => null);
      if (!isOver && found)
        setPeople(new Map((found.people ?? []).map((each) => [each.userId, each.status])));
    };
    void look();
    const timer = setInterval(look, PRESENCE_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [client, roomId]);
  return people;
}

/** How many messages wait to be sent, in all rooms. */
export function useWaiting(): number {
  return useSnapshot().waiting;
}

function useSnapshot(): Snapshot {
  const client = useChat();
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
}

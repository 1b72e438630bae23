// What the page shows of a room beside its messages: names, pictures, files, who is there, who has read.
import {
  attachmentOperation,
  avatarOperation,
  type Message,
  type Person,
  peopleOperation,
  presenceOperation,
  reactOperation,
  receiptsOperation,
  typingOperation,
} from '@appsync-chat/client';
import { useChat, useRooms } from '@appsync-chat/client/react';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';

type Client = ReturnType<typeof useChat>;

/** Something that is asked for once by its key, and shown wherever that is wanted. */
class Cache<Value> {
  readonly #values = new Map<string, Value>();
  readonly #asked = new Set<string>();
  readonly #listeners = new Set<() => void>();
  version = 0;

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** Those of these keys that nobody has asked for yet; they count as asked for now. */
  claim(keys: readonly string[]): readonly string[] {
    const fresh = keys.filter((key) => !this.#asked.has(key));
    for (const key of fresh) this.#asked.add(key);
    return fresh;
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#asked.delete(key);
  }

  set(entries: Iterable<readonly [string, Value]>): void {
    for (const [key, value] of entries) this.#values.set(key, value);
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }
}

const caches = new WeakMap<Client, { readonly people: Cache<Person>; readonly urls: Cache<string> }>();

function cachesOf(client: Client) {
  let found = caches.get(client);
  if (!found) {
    found = { people: new Cache(), urls: new Cache() };
    caches.set(client, found);
  }
  return found;
}

const MOST_PEOPLE = 100;

export function usePeople(roomId: string, ids: readonly string[]): ReadonlyMap<string, Person> {
  const client = useChat();
  const { people } = cachesOf(client);
  const version = useSyncExternalStore(people.subscribe, () => people.version);
  const keyOf = useCallback((id: string) => `${roomId}/${id}`, [roomId]);
  useEffect(() => {
    const fresh = people.claim(ids.map(keyOf));
    for (let at = 0; at < fresh.length; at += MOST_PEOPLE) {
      const keys = fresh.slice(at, at + MOST_PEOPLE);
      const wanted = keys.map((key) => key.slice(roomId.length + 1));
      client.call(peopleOperation, { roomId, ids: wanted }).then(
        (found) => people.set((found ?? []).map((person) => [keyOf(person.userId), person])),
        () => people.forget(keys),
      );
    }
  }, [client, people, roomId, ids, keyOf]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the cache's version is what changes
  return useMemo(() => {
    const found = ids.map((id) => [id, people.get(keyOf(id))] as const);
    return new Map(found.filter((each): each is readonly [string, Person] => each[1] !== undefined));
  }, [ids, keyOf, people, version]);
}

function useUrl(key: string | null, ask: () => Promise<string | null>): string | null {
  const { urls } = cachesOf(useChat());
  useSyncExternalStore(urls.subscribe, () => urls.version);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is asked for
  useEffect(() => {
    if (key === null || urls.claim([key]).length === 0) return;
    ask().then(
      (url) => url && urls.set([[key, url]]),
      () => urls.forget([key]),
    );
  }, [key, urls]);
  return key === null ? null : (urls.get(key) ?? null);
}

export function useAttachmentUrl(roomId: string, id: string): string | null {
  const client = useChat();
  return useUrl(
    `${roomId}/${id}`,
    async () => (await client.call(attachmentOperation, { roomId, id }))?.url ?? null,
  );
}

export function useAvatarUrl(roomId: string, person: Person | undefined): string | null {
  const client = useChat();
  const id = person?.avatarId ?? null;
  const url = useUrl(id && `${roomId}/${id}`, async () => {
    return (await client.call(avatarOperation, { roomId, id: id ?? '' }))?.url ?? null;
  });
  return person?.avatarUrl ?? url;
}

const PRESENCE_MS = 30_000;
type Status = 'ONLINE' | 'AWAY' | 'OFFLINE';

/** Who is there, while somebody looks. */
export function usePresence(roomId: string): ReadonlyMap<string, Status> {
  const client = useChat();
  const [people, setPeople] = useState<ReadonlyMap<string, Status>>(new Map());
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      const found = await client.call(presenceOperation, { roomId }).catch(() => null);
      if (isOver || !found) return;
      setPeople(new Map((found.people ?? []).map(({ userId, status }) => [userId, status as Status])));
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

export interface Confirmation {
  readonly delivered: number;
  readonly read: number;
  readonly of: number;
}

const RECEIPT_MS = 10_000;

/** To how many one's own newest message was delivered, and how many have read it; `null` where it is not known. */
export function useConfirmation(roomId: string, newest: Message | null): Confirmation | null {
  const client = useChat();
  const [confirmation, setConfirmation] = useState<(Confirmation & { readonly seq: number }) | null>(null);
  const seq = newest?.seq ?? null;
  useEffect(() => {
    if (seq === null) return;
    let isOver = false;
    const look = async () => {
      if (document.hidden) return;
      const page = await client.call(receiptsOperation, { roomId, seq, limit: 1 }).catch(() => null);
      if (!isOver && page?.confirmation) setConfirmation(page.confirmation);
    };
    const first = setTimeout(look, 1_500);
    const timer = setInterval(look, RECEIPT_MS);
    return () => {
      isOver = true;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [client, roomId, seq]);
  return confirmation?.seq === seq ? confirmation : null;
}

/** How many messages wait to be sent, in all rooms that are known. */
export function useWaiting(): number {
  const client = useChat();
  const rooms = useRooms();
  const count = useCallback(
    () => rooms.reduce((sum, { roomId }) => sum + client.getRoom(roomId).pending.length, 0),
    [client, rooms],
  );
  return useSyncExternalStore(client.subscribe, count);
}

export function useReact(roomId: string): (id: string, emoji: string, on: boolean) => Promise<unknown> {
  const client = useChat();
  return useCallback(
    (id, emoji, on) => client.call(reactOperation, { roomId, id, emoji, on }),
    [client, roomId],
  );
}

export interface Typing {
  /** Who is writing. */
  readonly typing: readonly string[];
  /** Say that one is writing oneself. */
  readonly say: () => void;
}

const NOBODY: readonly string[] = [];
const TYPING_MS = 3_000;

export function useTyping(roomId: string): Typing {
  const client = useChat();
  const lastAt = useRef(0);
  const say = useCallback(() => {
    if (Date.now() - lastAt.current < TYPING_MS) return;
    lastAt.current = Date.now();
    client.call(typingOperation, { roomId }).catch(() => {}); // nobody waits for it
  }, [client, roomId]);
  return { typing: NOBODY, say };
}

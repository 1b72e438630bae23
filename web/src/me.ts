// Who is signed in, and what they are called.
import { meOperation } from '@appsync-chat/client';
import { useChat, useConnection } from '@appsync-chat/client/react';
import { createContext, createElement, type ReactNode, useContext, useEffect, useState } from 'react';

interface MyName {
  /** `null`: they have none, or it is not known yet. */
  readonly name: string | null;
  readonly rename: (name: string) => void;
}

const UserId = createContext('');
const Name = createContext<MyName>({ name: null, rename: () => {} });

export function Me({ userId, children }: { readonly userId: string; readonly children: ReactNode }) {
  const client = useChat();
  const isOnline = useConnection().connection === 'online';
  const [name, rename] = useState<string | null>(null);
  useEffect(() => {
    if (!isOnline) return;
    client.call(meOperation, {}).then(
      (me) => rename(me?.person?.name ?? null),
      () => {}, // the id is shown
    );
  }, [client, isOnline]);
  const named = createElement(Name.Provider, { value: { name, rename } }, children);
  return createElement(UserId.Provider, { value: userId }, named);
}

/** Their id. */
export const useMe = () => useContext(UserId);

export const useMyName = () => useContext(Name);

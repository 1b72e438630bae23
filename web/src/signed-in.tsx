// The chat of who is signed in: their client, which lasts until they sign out.
import { ChatClient } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';
import { indexedDbStorage } from '@appsync-chat/client/indexeddb';
import { ChatProvider } from '@appsync-chat/client/react';
import { tabs } from '@appsync-chat/client/tabs';
import { useCallback, useMemo } from 'react';
import { Chat } from './chat.tsx';
import type { Config } from './config.ts';
import { forgetSession, type Session } from './session/session.ts';

export { askWho } from './session/who.ts';

export default function SignedIn(props: {
  readonly config: Config;
  readonly session: Session;
  readonly onSignedOut: () => void;
}) {
  const { config, session, onSignedOut } = props;
  const client = useMemo(() => clientOf(config, session), [config, session]);
  const signOut = useCallback(async () => {
    forgetSession();
    await client.logOut();
    location.hash = '';
    onSignedOut();
  }, [client, onSignedOut]);
  return (
    <ChatProvider client={client}>
      <Chat userId={session.userId} onSignOut={signOut} onSignInAgain={signInAgain} />
    </ChatProvider>
  );
}

/** Whoever signs in is in the room where they were, and finds what they wrote. */
function signInAgain(): void {
  forgetSession();
  location.reload();
}

function clientOf({ api }: Config, { userId, getToken }: Session): ChatClient {
  return new ChatClient({
    userId,
    deviceId: deviceId(),
    tabs: tabs({ userId, deployment: api.url, onSignedOut: () => location.reload() }),
    transport: appsync({ ...api, getToken }),
    storage: indexedDbStorage({ userId, deployment: api.url }),
  });
}

/** This browser, for as long as it keeps anything. */
function deviceId(): string {
  try {
    const held = localStorage.getItem('device');
    if (held) return held;
    const made = crypto.randomUUID();
    localStorage.setItem('device', made);
    return made;
  } catch {
    return 'page';
  }
}

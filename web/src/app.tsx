// From the address to the chat: the deployment's configuration, then who is signed in, then their rooms.
import { ChatClient } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';
import { indexedDbStorage } from '@appsync-chat/client/indexeddb';
import { ChatProvider } from '@appsync-chat/client/react';
import { tabs } from '@appsync-chat/client/tabs';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { Chat } from './chat.tsx';
import { type Config, loadConfig } from './config.ts';
import { useText } from './i18n/use-text.ts';
import { forgetSession, resume, type Session } from './session/session.ts';
import { Boundary } from './ui/boundary.tsx';

const SignIn = lazy(() => import('./session/sign-in.tsx'));

type State =
  | { readonly step: 'loading' }
  | { readonly step: 'failed'; readonly reason: string }
  | { readonly step: 'signIn'; readonly config: Config; readonly problem: string | null }
  | { readonly step: 'chat'; readonly config: Config; readonly session: Session };

export function App() {
  const text = useText();
  const [state, setState] = useState<State>({ step: 'loading' });
  const start = useCallback(() => {
    begin().then(setState);
  }, []);
  useEffect(start, [start]);

  if (state.step === 'loading') return <p className="whole">{text('app.loading')}</p>;
  if (state.step === 'failed') {
    return (
      <main className="whole">
        <p role="alert">{text('app.noConfig', { reason: state.reason })}</p>
        <button type="button" className="button" onClick={start}>
          {text('app.again')}
        </button>
      </main>
    );
  }
  const { config } = state;
  if (state.step === 'signIn') {
    return (
      <Suspense>
        <SignIn
          config={config}
          problem={state.problem}
          onSignedIn={(session) => setState({ step: 'chat', config, session })}
        />
      </Suspense>
    );
  }
  const { session } = state;
  return (
    <Boundary>
      <SignedIn
        key={session.userId}
        config={config}
        session={session}
        onSignedOut={() => setState({ step: 'signIn', config, problem: null })}
      />
    </Boundary>
  );
}

async function begin(): Promise<State> {
  let config: Config;
  try {
    config = await loadConfig();
  } catch (error) {
    return { step: 'failed', reason: String(error) };
  }
  try {
    const session = await resume(config);
    return session ? { step: 'chat', config, session } : { step: 'signIn', config, problem: null };
  } catch (error) {
    forgetSession();
    return { step: 'signIn', config, problem: error instanceof Error ? error.message : String(error) };
  }
}

function SignedIn(props: {
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
      <Chat userId={session.userId} onSignOut={signOut} />
    </ChatProvider>
  );
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

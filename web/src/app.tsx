// From the address to the chat: the deployment's configuration, then who is signed in, then their rooms.
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { type Config, loadConfig } from './config.ts';
import { useText } from './i18n/use-text.ts';
import { forgetSession, isResumed, resume, type Session } from './session/session.ts';
import SignIn from './session/sign-in.tsx';
import { Boundary } from './ui/boundary.tsx';

/** The chat itself is no part of what is painted first, which is who one is. */
const loadSignedIn = () => import('./signed-in.tsx');
const SignedIn = lazy(loadSignedIn);

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
  const isAsked = state.step === 'signIn';
  useEffect(() => {
    if (isAsked || isResumed()) loadSignedIn().catch(() => {}); // it is tried again where it is shown
  }, [isAsked]);

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
      <SignIn
        config={config}
        problem={state.problem}
        onSignedIn={(session) => setState({ step: 'chat', config, session })}
      />
    );
  }
  const { session } = state;
  return (
    <Boundary>
      <Suspense fallback={<p className="whole">{text('app.loading')}</p>}>
        <SignedIn
          key={session.userId}
          config={config}
          session={session}
          onSignedOut={() => setState({ step: 'signIn', config, problem: null })}
        />
      </Suspense>
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

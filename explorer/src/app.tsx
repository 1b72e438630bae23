// GraphiQL below a bar that says who asks.
import { lazy, Suspense, useEffect, useState } from 'react';
import { type Config, loadConfig } from '../../web/src/config.ts';
import { SignIn } from './sign-in.tsx';
import type { Stage } from './subscription.ts';
import { keep, stored, type Who } from './who.ts';

const Explorer = lazy(() => import('./explorer.tsx'));

const STAGES: Readonly<Record<Stage, string>> = {
  connecting: 'The subscription is being started.',
  live: 'The subscription is live.',
  ended: 'The subscription has ended.',
};

export function App() {
  const [config, setConfig] = useState<Config | null>(null);
  const [problem, setProblem] = useState('');
  const [who, setWho] = useState(stored);
  const [stage, setStage] = useState<Stage | null>(null);
  useEffect(() => {
    loadConfig().then(setConfig, (error: unknown) => setProblem(String(error)));
  }, []);
  const choose = (chosen: Who | null) => {
    keep(chosen);
    setWho(chosen);
    setStage(null);
  };
  if (!config) return <p role="alert">{problem}</p>;
  const people = config.signIn.flatMap((way) => (way.kind === 'demo' ? way.people : []));
  if (!who) return <SignIn people={people} onChosen={choose} />;
  return (
    <>
      <header className="bar">
        <h1>API explorer</h1>
        <a href="/">The chat</a>
        <a href="/docs/">The schema</a>
        <p role="status">{stage && STAGES[stage]}</p>
        <p className="who">
          {who.kind === 'demo' ? (
            <>
              Asking as <strong>{who.user}</strong>
            </>
          ) : (
            'Asking with a pasted token'
          )}
        </p>
        <button type="button" onClick={() => choose(null)}>
          Sign out
        </button>
      </header>
      <main>
        <Suspense fallback={<p className="loading">Loading the editor …</p>}>
          <Explorer key={JSON.stringify(who)} config={config} who={who} tell={setStage} />
        </Suspense>
      </main>
    </>
  );
}

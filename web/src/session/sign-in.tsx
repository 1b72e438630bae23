// Who are you? One section for each way that the deployment has.
import { type FormEvent, useState } from 'react';
import type { Config, DemoSignIn, OidcSignIn } from '../config.ts';
import { useText } from '../i18n/use-text.ts';
import { Field } from '../ui/field.tsx';
import { type Session, signInAsDemo } from './session.ts';

interface Props {
  readonly config: Config;
  readonly problem: string | null;
  readonly onSignedIn: (session: Session) => void;
}

export default function SignIn({ config, problem, onSignedIn }: Props) {
  const text = useText();
  const [failure, setFailure] = useState(problem);
  const attempt = (work: Promise<Session | null>) => {
    setFailure(null);
    work.then(
      (session) => session && onSignedIn(session),
      (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <main className="whole sign-in">
      <h1>{text('signIn.title')}</h1>
      {config.signIn.length === 0 && <p>{text('signIn.none')}</p>}
      {config.signIn.map((way) =>
        way.kind === 'demo' ? (
          <Demo key="demo" way={way} onChoose={(user) => attempt(signInAsDemo(config, user))} />
        ) : (
          <Oidc key={way.issuer} way={way} onChoose={() => attempt(leave(way))} />
        ),
      )}
      <p className="problem" role="alert">
        {failure && text('signIn.failed', { reason: failure })}
      </p>
    </main>
  );
}

function Demo({ way, onChoose }: { readonly way: DemoSignIn; readonly onChoose: (user: string) => void }) {
  const text = useText();
  const [user, setUser] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (user.trim()) onChoose(user.trim());
  };
  return (
    <section className="way">
      <p>{text('signIn.demo')}</p>
      <ul className="people-choice">
        {way.people.map((name) => (
          <li key={name}>
            <button type="button" className="button primary" onClick={() => onChoose(name)}>
              {text('signIn.as', { name })}
            </button>
          </li>
        ))}
      </ul>
      <h2>{text('signIn.other')}</h2>
      <form onSubmit={submit} className="row-form">
        <Field
          label={text('signIn.name')}
          value={user}
          maxLength={128}
          autoComplete="username"
          onChange={(event) => setUser(event.target.value)}
        />
        <button type="submit" className="button">
          {text('signIn.submit')}
        </button>
      </form>
    </section>
  );
}

function Oidc({ way, onChoose }: { readonly way: OidcSignIn; readonly onChoose: () => void }) {
  const text = useText();
  return (
    <section className="way">
      <button type="button" className="button primary" onClick={onChoose}>
        {text('signIn.with', { issuer: new URL(way.issuer).host })}
      </button>
    </section>
  );
}

async function leave(way: OidcSignIn): Promise<null> {
  const { leaveToSignIn } = await import('./oidc.ts');
  await leaveToSignIn(way);
  return null;
}

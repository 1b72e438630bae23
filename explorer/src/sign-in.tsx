// Who asks: a demo person, somebody else, or whoever a pasted token is of.
import { type FormEvent, useState } from 'react';
import { demoToken } from '../../web/src/session/demo.ts';
import { pasted, type Who } from './who.ts';

interface Props {
  /** Empty where the deployment gives no tokens to demo people. */
  readonly people: readonly string[];
  readonly onChosen: (who: Who) => void;
}

export function SignIn({ people, onChosen }: Props) {
  const [problem, setProblem] = useState('');
  const asPerson = (user: string) => {
    demoToken(user).then(
      () => onChosen({ kind: 'demo', user }),
      () => setProblem(`There is no token for ${user} here.`),
    );
  };
  const asToken = (text: string) => {
    const token = pasted(text);
    if (token) onChosen({ kind: 'token', token });
  };
  return (
    <main className="sign-in">
      <h1>API explorer</h1>
      <p>Queries, mutations and subscriptions of the chat’s API, with its schema beside them.</p>
      {people.length > 0 && (
        <section>
          <h2>A person of the demo</h2>
          <div className="people">
            {people.map((name) => (
              <button type="button" className="primary" key={name} onClick={() => asPerson(name)}>
                {name}
              </button>
            ))}
          </div>
          <Ask label="Somebody else" action="Sign in" onGiven={asPerson} />
        </section>
      )}
      <section>
        <h2>A token</h2>
        <Ask label="Token" action="Use it" onGiven={asToken} />
        <p className="hint">
          <code>make -s token USER=alice</code> prints one. It is kept in this tab until it is closed.
        </p>
      </section>
      <p className="problem" role="alert">
        {problem}
      </p>
      <p className="links">
        <a href="/">The chat</a> <a href="/docs/">The schema</a>
      </p>
    </main>
  );
}

interface AskProps {
  readonly label: string;
  readonly action: string;
  readonly onGiven: (text: string) => void;
}

function Ask({ label, action, onGiven }: AskProps) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) onGiven(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <label>
        {label}
        <input
          value={text}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <button type="submit">{action}</button>
    </form>
  );
}

// How it stands with the connection and with what waits to be sent. Nothing is shown while all is well.
import type { Snapshot } from '@appsync-chat/client';
import { useConnection, useWaiting } from '@appsync-chat/client/react';
import { useEffect, useState } from 'react';
import { useText } from './i18n/use-text.ts';
import { Icon } from './ui/icon.tsx';

/** How long the first connection may take before anything is said of it. */
const FIRST_MS = 3_000;

/** `onSignInAgain`: the session has ended, as an issuer's tokens do. */
export function ConnectionBar({ onSignInAgain }: { readonly onSignInAgain: () => void }) {
  const text = useText();
  const { connection, isDurable, isOutdated } = useConnection();
  const waiting = useWaiting();
  const isQuiet = useFirst(connection) || connection === 'online';
  const isVolatile = isDurable === false && !isOutdated;
  if (isQuiet && !isVolatile && !isOutdated) return <div role="status" className="visually-hidden" />;
  return (
    <div role="status" className={`connection ${connection}`}>
      <Icon name={connection === 'connecting' ? 'clock' : 'warning'} />
      <span>
        {!isQuiet && text(connection === 'unauthorized' ? 'signIn.again' : `connection.${connection}`)}
        {waiting > 0 && ` ${text('connection.waiting', { count: waiting })}.`}
        {isOutdated && ` ${text('connection.outdated')}`}
        {isVolatile && ` ${text('connection.volatile')}`}
      </span>
      {connection === 'unauthorized' && (
        <button type="button" className="button small" onClick={onSignInAgain}>
          {text('signIn.submit')}
        </button>
      )}
    </div>
  );
}

/** Whether the page connects for the first time, which mostly takes a moment: a bar that comes and goes moves what is read. */
function useFirst(connection: Snapshot['connection']): boolean {
  const [isFirst, setFirst] = useState(navigator.onLine);
  useEffect(() => {
    const timer = setTimeout(() => setFirst(false), FIRST_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    if (connection === 'online' || connection === 'unauthorized') setFirst(false);
  }, [connection]);
  return isFirst && connection !== 'unauthorized';
}

// How it stands with the connection and with what waits to be sent. Nothing is shown while all is well.
import { useConnection, useWaiting } from '@appsync-chat/client/react';
import { useText } from './i18n/use-text.ts';
import { Icon } from './ui/icon.tsx';

export function ConnectionBar() {
  const text = useText();
  const { connection, isDurable, isOutdated } = useConnection();
  const waiting = useWaiting();
  const isVolatile = isDurable === false && !isOutdated;
  if (connection === 'online' && !isVolatile && !isOutdated)
    return <div role="status" className="visually-hidden" />;
  return (
    <div role="status" className={`connection ${connection}`}>
      <Icon name={connection === 'connecting' ? 'clock' : 'warning'} />
      <span>
        {connection !== 'online' && text(`connection.${connection}`)}
        {waiting > 0 && ` ${text('connection.waiting', { count: waiting })}.`}
        {isOutdated && ` ${text('connection.outdated')}`}
        {isVolatile && ` ${text('connection.volatile')}`}
      </span>
    </div>
  );
}

// What was done to a message and is not at the chat yet, or was finally refused.
import type { PendingChange } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';
import { sentenceOf } from '../ui/use-action.ts';

export function ChangeNote({ change }: { readonly change: PendingChange }) {
  const text = useText();
  const client = useChat();
  const isWaiting = change.entries.some(({ status }) => status !== 'refused');
  return (
    <>
      {isWaiting && <p className="message-note">{text('timeline.saving')}</p>}
      {change.entries.map(({ key, refusal }) =>
        refusal ? (
          <p key={key} className="message-note" role="alert">
            <span className="problem">
              {text('timeline.notSaved', { reason: sentenceOf(refusal, text) })}
            </span>{' '}
            <button type="button" className="button small" onClick={() => client.retry(key)}>
              {text('app.again')}
            </button>{' '}
            <button type="button" className="button small" onClick={() => client.discard(key)}>
              {text('timeline.discard')}
            </button>
          </p>
        ) : null,
      )}
    </>
  );
}

import { useConnection, useRoom } from '@appsync-chat/client/react';
import { useState } from 'react';

export function Room({ roomId, userId }: { readonly roomId: string; readonly userId: string }) {
  const { connection } = useConnection();
  const { status, messages, pending, drafts, hasOlder, send, retry, discard, loadOlder } = useRoom(roomId);
  const [text, setText] = useState('');
  return (
    <>
      <p id="status" role="status">
        {connection === 'unauthorized' ? 'sign in again' : status}
      </p>
      {hasOlder && (
        <button type="button" onClick={loadOlder}>
          Older
        </button>
      )}
      <ol>
        {messages.map(({ id, senderId, text }) => (
          <li key={id} className={senderId === userId ? 'mine' : 'theirs'}>
            {text ?? '(removed)'}
          </li>
        ))}
        {pending.map(({ clientMessageId, text }) => (
          <li key={clientMessageId} className="pending">
            {text}
          </li>
        ))}
        {drafts.map(({ clientMessageId, text, refusal }) => (
          <li key={clientMessageId} className="draft">
            {text} ({refusal?.sentence})
            <button type="button" onClick={() => retry(clientMessageId)}>
              Again
            </button>
            <button type="button" onClick={() => discard(clientMessageId)}>
              Discard
            </button>
          </li>
        ))}
      </ol>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send(text);
          setText('');
        }}
      >
        <label>
          Message{' '}
          <input
            id="text"
            autoComplete="off"
            required
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <button type="submit">Send</button>
      </form>
    </>
  );
}

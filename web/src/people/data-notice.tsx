// That somebody has asked for the person's data to be exported or erased under their name, with the way to take it back before it
// begins: whoever has stolen a token asks for it in vain.
import { type DataRequest, dataRequestsOperation, withdrawDataRequestOperation } from '@appsync-chat/client';
import { useChat, useConnection, useDataRequested } from '@appsync-chat/client/react';
import { useEffect, useRef, useState } from 'react';
import { useDates, useText } from '../i18n/use-text.ts';
import { useAction } from '../ui/use-action.ts';

/** Within how long a request begins that is due: nobody is told when it does. */
const BEGINS_MS = 60_000;

/** Asks when the page comes, whenever there is news of it, and when one is due, until it has begun. A deployment that does not
 * answer says nothing. */
export function DataNotice() {
  const client = useChat();
  const isOnline = useConnection().connection === 'online';
  const news = useDataRequested();
  const [requests, setRequests] = useState<readonly DataRequest[]>([]);
  const [asked, askAgain] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: news, and that one is due, are reasons to ask again
  useEffect(() => {
    if (!isOnline) return;
    client.call(dataRequestsOperation, {}).then(
      (all) => setRequests((all ?? []).filter(({ state }) => state === 'WAITING')),
      () => {},
    );
  }, [client, isOnline, news, asked]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: one that is due and has not begun is asked for again
  useEffect(() => {
    if (requests.length === 0) return;
    const due = Math.min(...requests.map(({ dueAt }) => Date.parse(dueAt)));
    const timer = setTimeout(() => askAgain((times) => times + 1), Math.max(due - Date.now(), BEGINS_MS));
    return () => clearTimeout(timer);
  }, [requests, asked]);
  return (
    <div role="status">
      {requests.map((request) => (
        <Waiting key={request.id} request={request} />
      ))}
    </div>
  );
}

function Waiting({ request }: { readonly request: DataRequest }) {
  const text = useText();
  const dates = useDates();
  const client = useChat();
  const action = useAction();
  const said = useRef<HTMLParagraphElement>(null);
  const [isWithdrawn, setWithdrawn] = useState(false);
  const withdraw = async () => {
    if (await action.run(() => client.call(withdrawDataRequestOperation, { id: request.id })))
      setWithdrawn(true);
  };
  useEffect(() => {
    if (isWithdrawn) said.current?.focus(); // the button that had it is gone
  }, [isWithdrawn]);
  if (isWithdrawn) {
    return (
      <p ref={said} tabIndex={-1} className="connection">
        {text('privacy.withdrawn')}
      </p>
    );
  }
  const isExport = request.kind === 'EXPORT';
  const time = dates.full(new Date(request.dueAt));
  return (
    <div className="connection">
      <span>{text(isExport ? 'privacy.export' : 'privacy.erasure', { time })}</span>
      <button type="button" className="button small" disabled={action.isBusy} onClick={withdraw}>
        {text(isExport ? 'privacy.withdrawExport' : 'privacy.withdrawErasure')}
      </button>
      {action.problem && (
        <p className="problem" role="alert">
          {action.problem}
        </p>
      )}
    </div>
  );
}

// What a message answers: as it is now, since a quote is never a copy.
import type { Message } from '@appsync-chat/client';
import type { usePeople } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';
import { roomHref } from '../route.ts';
import { plain } from '../text/markup.ts';
import { Icon } from '../ui/icon.tsx';

export function QuoteLine(props: {
  readonly message: Message;
  readonly people: ReturnType<typeof usePeople>;
  readonly roomId: string;
}) {
  const text = useText();
  const { quote } = props.message;
  if (!quote || quote.removedAt || quote.erased) {
    return (
      <p className="quote">
        <Icon name="reply" />
        <span className="quiet">{text(quote?.erased ? 'timeline.erased' : 'timeline.quoteGone')}</span>
      </p>
    );
  }
  const name = props.people.get(quote.senderId)?.name || quote.senderId;
  return (
    <a className="quote" href={roomHref(props.roomId, quote.id)}>
      <Icon name="reply" />
      <span className="visually-hidden">{text('timeline.quote', { name })}: </span>
      <span aria-hidden="true" className="sender" dir="auto">
        {name}
      </span>
      <span className="quote-text" dir="auto">
        {plain(quote.text ?? '')}
      </span>
    </a>
  );
}

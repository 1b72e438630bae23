// Who is writing. It is no live region: what comes and goes every second is nothing to read aloud.
import { usePeople, useTyping } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';

export function TypingLine({ roomId }: { readonly roomId: string }) {
  const text = useText();
  const { typing } = useTyping(roomId);
  const people = usePeople(roomId, typing);
  const [first, second] = typing.map((id) => people.get(id)?.name ?? id);
  const said = !first
    ? ''
    : typing.length > 2
      ? text('typing.many')
      : second
        ? text('typing.two', { name: first, other: second })
        : text('typing.one', { name: first });
  return <p className="typing">{said}</p>;
}

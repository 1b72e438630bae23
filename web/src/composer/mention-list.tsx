import { useText } from '../i18n/use-text.ts';
import type { Mentions } from './mentions.ts';

export function MentionList({ mentions }: { readonly mentions: Mentions }) {
  const text = useText();
  if (mentions.found.length === 0) return null;
  return (
    <div id="mention-list" className="mention-list" role="listbox" aria-label={text('composer.people')}>
      {mentions.found.map((person, index) => (
        <div
          key={person.userId}
          id={`mention-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === mentions.active}
          className="mention-option"
          onMouseDown={(event) => {
            event.preventDefault();
            mentions.choose(person);
          }}
        >
          <span dir="auto">{person.name || person.userId}</span>
          {person.name && <span className="quiet">{person.userId}</span>}
        </div>
      ))}
    </div>
  );
}

// The emoji that are used most, loaded when they are wanted.
import { lazy, Suspense, useRef, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { Icon } from '../ui/icon.tsx';

const EmojiList = lazy(() => import('./emoji-list.tsx'));

export function EmojiButton({ onChoose }: { readonly onChoose: (emoji: string) => void }) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="menu">
      <button
        type="button"
        ref={button}
        className="icon-button"
        aria-label={text('composer.emoji')}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="emoji" />
      </button>
      {isOpen && (
        <Suspense>
          <EmojiList
            onClose={close}
            onChoose={(emoji) => {
              setOpen(false);
              onChoose(emoji);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

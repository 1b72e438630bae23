// A grid of emoji: arrow keys move, Enter chooses, Escape closes. Screen readers know an emoji's name in their own language.
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { useText } from '../i18n/use-text.ts';

const ACROSS = 8;
const EMOJI = [
  ...['😀', '😃', '😄', '😁', '😆', '😅', '🤣', '😂', '🙂', '🙃', '😉', '😊', '😇', '🥰', '😍', '🤩'],
  ...['😘', '😋', '😛', '😜', '🤪', '🤗', '🤭', '🤫', '🤔', '🤐', '🤨', '😐', '😏', '😒', '🙄', '😬'],
  ...['😌', '😔', '😴', '😷', '🤒', '🤕', '🤢', '🥵', '🥶', '😵', '🤯', '🥳', '😎', '🤓', '😕', '😟'],
  ...['😮', '😳', '🥺', '😢', '😭', '😱', '😞', '😓', '😩', '😤', '😡', '🤬', '💀', '💩', '🤡', '👻'],
  ...['👋', '✋', '👌', '✌️', '🤞', '🤟', '👈', '👉', '👆', '👇', '👍', '👎', '✊', '👏', '🙌', '🙏'],
  ...['💪', '👀', '🧠', '❤️', '🧡', '💛', '💚', '💙', '💜', '🖤', '💔', '💯', '💥', '💫', '💤', '🔥'],
  ...['🎉', '🎊', '🎁', '🏆', '⚽', '🎮', '🎵', '☕', '🍵', '🍺', '🍕', '🍎', '🌞', '🌈', '⭐', '⚡'],
  ...['✅', '❌', '❗', '❓', '⚠️', '🚀', '🐛', '🔧', '🔒', '📌', '📎', '📝', '📅', '💡', '🔔', '⏳'],
];

export default function EmojiList(props: {
  readonly onChoose: (emoji: string) => void;
  readonly onClose: () => void;
}) {
  const text = useText();
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => grid.current?.querySelector('button')?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return props.onClose();
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ACROSS, ArrowUp: -ACROSS }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...(grid.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)]?.focus();
  };
  return (
    <div
      ref={grid}
      className="emoji-list"
      role="dialog"
      aria-label={text('composer.emoji')}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) props.onClose();
      }}
    >
      {EMOJI.map((emoji, index) => (
        <button
          key={emoji}
          type="button"
          tabIndex={index === 0 ? 0 : -1}
          onClick={() => props.onChoose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

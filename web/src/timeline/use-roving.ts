// Arrow keys move from message to message: one of them is in the order of Tab, and it is found by its key, so that the focus
// stays with it when rows come and go (https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#kbd_roving_tabindex).
import { type KeyboardEvent, type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';

export interface Roving {
  /** The key of the message that is in the order of Tab. */
  readonly current: string | null;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (key: string) => void;
}

/** `keys`: of the messages, in their order. `onBeyond`: somebody wants to go before the first or past the last. */
export function useRoving(
  box: RefObject<HTMLElement | null>,
  keys: readonly string[],
  onBeyond: (direction: 'before' | 'after') => void,
): Roving {
  const [chosen, setChosen] = useState<string | null>(null);
  const current = chosen !== null && keys.includes(chosen) ? chosen : (keys.at(-1) ?? null);
  const hadFocus = useRef(false);

  const focus = useCallback(
    (key: string) => {
      setChosen(key);
      box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
    },
    [box],
  );

  // Where the message that had the focus was taken away, the nearest one has it.
  useLayoutEffect(() => {
    const active = document.activeElement;
    const isInside = Boolean(active && box.current?.contains(active));
    if (hadFocus.current && active === document.body && current) focus(current);
    hadFocus.current = isInside && active !== box.current;
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-key]');
    if (event.target !== row && event.target !== box.current) return;
    const at = current === null ? -1 : keys.indexOf(current);
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: keys.length - 1 }[event.key];
    if (event.key === 'Enter' && row) {
      row.querySelector<HTMLElement>('[aria-haspopup="menu"]')?.click();
      event.preventDefault();
      return;
    }
    if (next === undefined) return;
    event.preventDefault();
    const key = keys[next];
    if (key !== undefined) focus(key);
    else onBeyond(next < 0 ? 'before' : 'after');
  };
  return { current, onKeyDown, onFocus: setChosen };
}

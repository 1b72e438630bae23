// Keys that work wherever the focus is, but in what somebody writes into.
import { useEffect } from 'react';
import { useSettings } from './settings.ts';

export interface Shortcuts {
  readonly help: () => void;
  readonly search: () => void;
  readonly compose: () => void;
}

export function useShortcuts(shortcuts: Shortcuts): void {
  const isOn = useSettings().shortcuts === 'on';
  useEffect(() => {
    if (!isOn) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const wanted = { '?': shortcuts.help, '/': shortcuts.search, c: shortcuts.compose }[event.key];
      if (!wanted) return;
      event.preventDefault();
      wanted();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [shortcuts, isOn]);
}

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

// Where the reader is. At the end the newest message stays in view; elsewhere what one reads stays where it is, to the pixel,
// whatever is put before it or taken away. The browser's own anchoring is off (`overflow-anchor` in the styles), since it
// does nothing at the very top, where older messages come in.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** How far from the end still is at the end, in pixels. */
const NEAR_END = 48;

export interface Scroll {
  readonly isAtEnd: boolean;
  readonly toEnd: () => void;
  /** Bring the row of that key into view; returns whether it is there. */
  readonly to: (key: string) => boolean;
}

/** `changed`: anything that is another object whenever rows have changed. */
export function useScroll(box: RefObject<HTMLElement | null>, changed: unknown): Scroll {
  const anchor = useRef<{ readonly key: string; readonly top: number } | null>(null);
  const wasAtEnd = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);

  const note = useCallback(() => {
    const element = box.current;
    if (!element) return;
    wasAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_END;
    setAtEnd(wasAtEnd.current);
    anchor.current = firstVisible(element);
  }, [box]);

  const settle = useCallback(() => {
    const element = box.current;
    if (!element) return;
    if (wasAtEnd.current) element.scrollTop = element.scrollHeight;
    else if (anchor.current) {
      const row = rowOf(element, anchor.current.key);
      if (row) element.scrollTop += topIn(element, row) - anchor.current.top;
    }
    note();
  }, [box, note]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the rows
  useLayoutEffect(settle, [settle, changed]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(settle);
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    element.addEventListener('scroll', note, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', note);
    };
  }, [box, note, settle]);

  const toEnd = useCallback(() => {
    wasAtEnd.current = true;
    settle();
  }, [settle]);

  const to = useCallback(
    (key: string) => {
      const element = box.current;
      const row = element && rowOf(element, key);
      if (!element || !row) return false;
      element.scrollTop += topIn(element, row) - element.clientHeight / 3;
      note();
      return true;
    },
    [box, note],
  );
  return { isAtEnd, toEnd, to };
}

const rowOf = (element: HTMLElement, key: string) =>
  element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);

const topIn = (element: HTMLElement, row: HTMLElement) =>
  row.getBoundingClientRect().top - element.getBoundingClientRect().top;

/** By halving: rows follow one another. */
function firstVisible(element: HTMLElement): { key: string; top: number } | null {
  const rows = element.querySelectorAll<HTMLElement>('[data-key]');
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row && topIn(element, row) + row.offsetHeight > 0) high = middle;
    else low = middle + 1;
  }
  const row = rows[low];
  return row?.dataset.key ? { key: row.dataset.key, top: topIn(element, row) } : null;
}

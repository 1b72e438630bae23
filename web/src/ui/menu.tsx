// A menu behind a button, as the ARIA Authoring Practices have it (https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/):
// arrow keys move, Escape and Tab close, and the focus goes back to the button.
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';

export interface MenuItem {
  readonly key: string;
  readonly label: string;
  readonly onChoose: () => void;
  readonly isDanger?: boolean;
}

export function Menu(props: {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly children: ReactNode;
  readonly className?: string;
  /** Out of the order of Tab, where a row of its own leads to it. */
  readonly tabIndex?: number;
}) {
  const { label, items, children, className = 'icon-button', tabIndex } = props;
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = (focuses: boolean) => {
    setOpen(false);
    if (focuses) button.current?.focus();
  };
  useLayoutEffect(() => {
    if (isOpen && button.current && list.current) place(button.current, list.current);
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) return;
    const buttons = list.current?.querySelectorAll('button');
    buttons?.[0]?.focus();
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!list.current?.contains(target) && !button.current?.contains(target)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [isOpen]);

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') return close(true);
    if (event.key === 'Tab') return close(false);
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = step === 'first' ? 0 : step === 'last' ? -1 : at + step;
    buttons.at(next % buttons.length)?.focus();
  };

  return (
    <div className="menu">
      <button
        type="button"
        ref={button}
        className={className}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={label}
        tabIndex={tabIndex}
        onClick={() => setOpen(!isOpen)}
      >
        {children}
      </button>
      {isOpen && (
        <div
          ref={list}
          id={id}
          className="menu-list"
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={onKeyDown}
        >
          {items.map((item) => (
            <button
              key={item.key}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={item.isDanger ? 'menu-item danger' : 'menu-item'}
              onClick={() => {
                close(true);
                item.onChoose();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

const MARGIN = 4;

/** Below the button or, where there is more room, above it: on top of everything, so that no box that scrolls cuts it. */
function place(button: HTMLElement, list: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const below = window.innerHeight - at.bottom - 2 * MARGIN;
  const isBelow = list.offsetHeight <= below || below >= at.top;
  const space = isBelow ? below : at.top - 2 * MARGIN;
  const height = Math.min(list.offsetHeight, space);
  const left = Math.min(at.right - list.offsetWidth, window.innerWidth - list.offsetWidth - MARGIN);
  list.style.maxHeight = `${space}px`;
  list.style.top = `${isBelow ? at.bottom + MARGIN : at.top - height - MARGIN}px`;
  list.style.left = `${Math.max(MARGIN, left)}px`;
}

const STEPS: Readonly<Record<string, number | 'first' | 'last'>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  Home: 'first',
  End: 'last',
};

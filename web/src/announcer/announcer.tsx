// The one polite live region of the page. It is there from the beginning, as screen readers want it, and what is said stands
// in it alone: the log of messages is not live, which several screen readers would read whole again.
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';

/** After so long a sentence has been read; it is taken away, since what it tells may be removed or erased by then. */
const READ_MS = 10_000;

const Context = createContext<(sentence: string) => void>(() => {});

export function Announcer({ children }: { readonly children: ReactNode }) {
  const [sentence, setSentence] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = useCallback((next: string) => {
    clearTimeout(timer.current);
    setSentence(''); // the same sentence again is a change, too
    timer.current = setTimeout(() => {
      setSentence(next);
      timer.current = setTimeout(() => setSentence(''), READ_MS);
    }, 50);
  }, []);
  return (
    <Context.Provider value={say}>
      {children}
      <p className="visually-hidden" role="status" aria-live="polite" aria-atomic="true">
        {sentence}
      </p>
    </Context.Provider>
  );
}

/** Says a sentence to whoever uses a screen reader. */
export const useAnnounce = () => useContext(Context);

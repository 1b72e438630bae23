// What the page says aloud stands in its live region for as long as it takes to be read, and no longer.
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, test, vi } from 'vitest';
import { Announcer, useAnnounce } from '../src/announcer/announcer.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let say: (sentence: string) => void;
function Speaker() {
  say = useAnnounce();
  return null;
}

test('a sentence is said, the same one again, and then nothing is left of it', async () => {
  vi.useFakeTimers();
  const page = document.body.appendChild(document.createElement('div'));
  const root = createRoot(page);
  const said = () => page.querySelector('[role=status]')?.textContent;
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
  try {
    await act(async () =>
      root.render(
        <Announcer>
          <Speaker />
        </Announcer>,
      ),
    );
    await act(async () => say('hello'));
    await pass(50);
    expect(said()).toBe('hello');
    await pass(9_000);
    await act(async () => say('hello'));
    expect(said()).toBe('');
    await pass(9_000);
    expect(said()).toBe('hello');
    await pass(2_000);
    expect(said()).toBe('');
  } finally {
    await act(async () => root.unmount());
    page.remove();
    vi.useRealTimers();
  }
});

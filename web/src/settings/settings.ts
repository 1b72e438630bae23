// What somebody has chosen for this browser. One small store: React reads it, and the document carries it for styles.
import { useSyncExternalStore } from 'react';

export const LOCALES = ['en', 'es', 'fr'] as const;
export type Locale = (typeof LOCALES)[number];
export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

export interface Settings {
  readonly locale: Locale;
  readonly theme: Theme;
  readonly density: Density;
  /** Whether single keys do something outside of fields. */
  readonly shortcuts: 'on' | 'off';
}

const KEY = 'settings';
const listeners = new Set<() => void>();
let current = read();

function read(): Settings {
  const stored = parsed();
  const wanted = [stored.locale, ...navigator.languages.map((each) => each.slice(0, 2))];
  return {
    locale: wanted.find((each): each is Locale => LOCALES.includes(each as Locale)) ?? 'en',
    theme: stored.theme === 'light' || stored.theme === 'dark' ? stored.theme : 'system',
    density: stored.density === 'compact' ? 'compact' : 'comfortable',
    shortcuts: stored.shortcuts === 'off' ? 'off' : 'on',
  };
}

function parsed(): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

export function setSettings(change: Partial<Settings>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // it holds for as long as the page is there
  }
  show(current);
  for (const listener of listeners) listener();
}

/** Styles and screen readers go by these attributes. */
function show({ locale, theme, density }: Settings): void {
  const root = document.documentElement;
  root.lang = locale;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  if (density === 'compact') root.dataset.density = density;
  else delete root.dataset.density;
}

show(current);

export function useSettings(): Settings {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

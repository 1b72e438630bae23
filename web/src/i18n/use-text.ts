// The language in React. Other languages than English are loaded when they are chosen; switching reloads nothing.
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { type Locale, useSettings } from '../settings/settings.ts';
import { en } from './en.ts';
import { type Catalogue, type TextKey, textOf, type Values } from './text.ts';

const loaded = new Map<Locale, Catalogue>([['en', en]]);
const asked = new Set<Locale>();
const listeners = new Set<() => void>();

async function load(locale: Locale): Promise<void> {
  if (asked.has(locale)) return;
  asked.add(locale);
  try {
    if (locale === 'es') loaded.set(locale, (await import('./es.ts')).es);
    if (locale === 'fr') loaded.set(locale, (await import('./fr.ts')).fr);
  } catch {
    asked.delete(locale); // English until it can be loaded
  }
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export type Translate = (key: TextKey, values?: Values) => string;

export function useText(): Translate {
  const { locale } = useSettings();
  const catalogue = useSyncExternalStore(subscribe, () => loaded.get(locale) ?? null);
  if (!catalogue) void load(locale);
  return useCallback(
    (key, values = {}) => textOf(key, values, locale, catalogue ?? en, en),
    [locale, catalogue],
  );
}

/** Dates and times as people of the language write them. */
export function useDates(): {
  readonly time: (at: Date) => string;
  readonly day: (at: Date) => string;
  readonly full: (at: Date) => string;
} {
  const { locale } = useSettings();
  return useMemo(() => {
    const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
    const day = new Intl.DateTimeFormat(locale, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
    });
    const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' });
    return {
      time: (at) => time.format(at),
      day: (at) => day.format(at),
      full: (at) => full.format(at),
    };
  }, [locale]);
}

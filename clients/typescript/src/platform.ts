// What the page's surroundings tell and give.

/** Tells of the network, and of a page that is shown again; returns how to end that. */
export function onPlatform(tell: (isOnline: boolean) => void): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => {};
  const ending = new AbortController();
  const { signal } = ending;
  window.addEventListener('online', () => tell(true), { signal });
  window.addEventListener('offline', () => tell(false), { signal });
  window.addEventListener('pageshow', () => tell(navigator.onLine), { signal });
  document.addEventListener('visibilitychange', () => !document.hidden && tell(navigator.onLine), { signal });
  return () => ending.abort();
}

/** 128 bits by chance, also where a page is not secure. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

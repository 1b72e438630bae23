// What the platform gives: chance, the network, and whether the person can see the page.
import type { Event } from './core/protocol.ts';

/** Tells what it is at present, and whatever changes, and that the page goes; returns how to end that. Outside of browsers nothing is told. */
export function onPlatform(tell: (event: Event) => void, goes: () => void): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => {};
  const ending = new AbortController();
  const { signal } = ending;
  const network = (isOnline = navigator.onLine) => tell({ type: 'network', isOnline });
  const visible = (hasFocus = document.hasFocus()) =>
    tell({ type: 'visible', isVisible: document.visibilityState === 'visible' && hasFocus });
  window.addEventListener('online', () => network(true), { signal });
  window.addEventListener('offline', () => network(false), { signal });
  window.addEventListener('pageshow', () => network(), { signal });
  window.addEventListener('pagehide', goes, { signal });
  window.addEventListener('focus', () => visible(true), { signal });
  window.addEventListener('blur', () => visible(false), { signal });
  document.addEventListener(
    'visibilitychange',
    () => {
      visible();
      if (!document.hidden) network();
    },
    { signal },
  );
  visible();
  return () => ending.abort();
}

/**
 * A UUID of version 7 (RFC 9562, section 5.7) of this instant (milliseconds since the epoch): whoever was erased may write again,
 * and what they composed before is known by it. Also where a page is not secure.
 */
export function newId(at = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const chance = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = '89ab'.charAt((bytes[9] ?? 0) & 3);
  const all = `${at.toString(16).padStart(12, '0')}7${chance.slice(0, 3)}${variant}${chance.slice(3, 18)}`;
  return all.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

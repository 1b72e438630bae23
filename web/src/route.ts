// Where somebody is, in the address's fragment: a page that is files alone needs no rules on its server.
import { useSyncExternalStore } from 'react';

export interface Route {
  readonly roomId: string | null;
  /** The message to show. */
  readonly messageId: string | null;
}

const HOME: Route = { roomId: null, messageId: null };

/** `#/rooms/{roomId}` or `#/rooms/{roomId}/{messageId}`. */
export function parseRoute(hash: string): Route {
  const [, room, message] = /^#\/rooms\/([^/]+)(?:\/([^/]+))?$/.exec(hash) ?? [];
  if (!room) return HOME;
  try {
    return { roomId: decodeURIComponent(room), messageId: message ? decodeURIComponent(message) : null };
  } catch {
    return HOME; // a % that escapes nothing
  }
}

export const roomHref = (roomId: string, messageId?: string): string =>
  `#/rooms/${encodeURIComponent(roomId)}${messageId ? `/${encodeURIComponent(messageId)}` : ''}`;

export const goTo = (href: string): void => {
  location.hash = href;
};

const subscribe = (listener: () => void) => {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
};

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parseRoute(hash);
}

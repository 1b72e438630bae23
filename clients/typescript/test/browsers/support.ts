import { vi } from 'vitest';

import { API, GATEWAY, OWNER, TOKENS } from '../real.ts';
import type { Name } from './browser.ts';
import type { Given } from './page.ts';

export const BROWSERS: readonly Name[] = ['chromium', 'firefox'];
export const WAYS = ['appsync', 'gateway'] as const;
export type Way = (typeof WAYS)[number];

/** What a page is told that follows a room by this way. */
export function given(way: Way, roomId: string, userId = OWNER, url = API, gatewayUrl = GATEWAY): Given {
  const token = TOKENS[userId] ?? '';
  return { userId, token, roomId, url, ...(way === 'gateway' ? { gatewayUrl } : {}) };
}

export const until = (what: () => Promise<void>, timeout = 60_000) =>
  vi.waitFor(what, { timeout, interval: 20 });

/** The value below which this part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

// What the core of a tab is told and what it asks for.
import type { Effect, Event } from '../core/protocol.ts';
import type { Said, Shared } from './messages.ts';

export type TabsInput =
  | { readonly type: 'join' | 'leave' | 'signOut' | 'signIn' }
  /** The lock is held now, or is not any more. */
  | { readonly type: 'lock'; readonly isHeld: boolean }
  | { readonly type: 'channel'; readonly data: unknown }
  /** What the core asks of the connection. */
  | { readonly type: 'effect'; readonly effect: Effect }
  /** What this tab's transport tells. */
  | { readonly type: 'transport'; readonly event: Event }
  | ({ readonly type: 'answered' } & Shared)
  /** The storage has taken in a change to what is to be sent. */
  | { readonly type: 'stored'; readonly roomId: string }
  /** The person has thrown a draft away. */
  | { readonly type: 'discarded'; readonly clientMessageId: string }
  | { readonly type: 'due'; readonly key: string }
  | { readonly type: 'shown'; readonly isShown: boolean };

export type TabsOutput =
  | { readonly type: 'post'; readonly said: Said }
  /** For this tab's chat. */
  | { readonly type: 'feed'; readonly event: Event }
  /** For this tab's transport. */
  | { readonly type: 'wire'; readonly effect: Effect }
  | { readonly type: 'timer'; readonly key: string; readonly afterMs: number }
  | { readonly type: 'cancel'; readonly key: string }
  /** Take the lock from a tab that does not answer; `lock` follows. */
  | { readonly type: 'steal' }
  /** The person has signed out in another tab. */
  | { readonly type: 'signedOut' };

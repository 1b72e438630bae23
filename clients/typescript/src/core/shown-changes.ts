// What was done to messages and is not at the server yet, as a person sees it.
import type { ChangeEntry } from './entries.ts';
import type { PendingChange } from './shown.ts';

export type ChangeStatus = PendingChange['entries'][number]['status'];

export const NO_CHANGES: ReadonlyMap<string, PendingChange> = new Map();

/** By the message's id; what was refused is listed, and not shown as done. */
export function shownChanges(
  entries: readonly ChangeEntry[],
  statusOf: (entry: ChangeEntry) => ChangeStatus,
): ReadonlyMap<string, PendingChange> {
  const shown = new Map<string, PendingChange>();
  for (const entry of entries) {
    const { kind, target, text, emoji = '', on = true } = entry;
    const before = shown.get(target) ?? { text: null, isRemoved: false, reactions: [], entries: [] };
    const said = {
      key: entry.clientMessageId,
      kind,
      status: statusOf(entry),
      refusal: entry.refusal ?? null,
    };
    const isGoing = !entry.refusal;
    shown.set(target, {
      entries: [...before.entries, said],
      text: kind === 'edit' && isGoing ? (text ?? null) : before.text,
      isRemoved: before.isRemoved || (kind === 'remove' && isGoing),
      reactions: kind === 'react' && isGoing ? [...before.reactions, { emoji, on }] : before.reactions,
    });
  }
  return shown.size > 0 ? shown : NO_CHANGES;
}

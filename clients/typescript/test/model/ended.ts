// What must be true after a history.
import { isDeepStrictEqual } from 'node:util';

import { isErased } from '../../src/core/erased.ts';
import { filesOf } from '../../src/core/protocol.ts';
import type { RoomSnapshot } from '../../src/core/shown.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import type { ModelRoom } from './server.ts';
import { ME, type World } from './world.ts';

interface Played {
  readonly world: World;
  readonly composed: ReadonlyMap<string, { readonly room: string; readonly files: readonly string[] }>;
  readonly shown: ReadonlySet<string>;
  readonly dropped: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly texts: ReadonlyMap<string, string>;
  readonly mended: ReadonlyMap<string, string>;
}

export function checkEnd(played: Played, tabs: number): void {
  const { world, composed, shown, dropped } = played;
  const { entries } = world.storage;
  const refused = entries.filter(({ refusal }) => refusal).map((each) => each.clientMessageId);
  const lost = entries.find(({ refusal }) => refusal?.values.reason === 'fileMissing');
  if (lost) throw new Error(`a file of ${lost.clientMessageId} is lost`);
  const waiting = entries.find(({ refusal }) => !refusal);
  if (waiting) throw new Error(`${waiting.clientMessageId} still waits`);
  for (const room of world.server.rooms.values()) {
    const mine = room.messages.filter(({ senderId }) => senderId === ME);
    const ids = mine.map(({ clientMessageId }) => clientMessageId ?? '');
    if (new Set(ids).size < ids.length) throw new Error(`stored twice: ${ids}`);
    const isGone = (id: string) => refused.includes(id) || (dropped.has(id) && !ids.includes(id));
    const log = (world.storage.log.get(room.id) ?? []).filter((id) => composed.has(id) && !isGone(id));
    if (!isDeepStrictEqual(ids, log)) throw new Error(`stored ${ids}, composed ${log}`);
    for (const message of mine) checkMessage(message, played, tabs);
    for (const tab of world.tabs) checkRoom(tab.core.getRoom(room.id), room);
  }
  const kept = entries.flatMap((entry) => filesOf(entry)).sort();
  const files = [...world.storage.files].sort();
  if (!isDeepStrictEqual(files, kept)) throw new Error(`files: ${files}, of drafts: ${kept}`);
  for (const id of shown) {
    const room = world.server.rooms.get(composed.get(id)?.room ?? '');
    const isStored = room?.messages.some((each) => each.senderId === ME && each.clientMessageId === id);
    if (!isStored && !refused.includes(id) && !dropped.has(id)) throw new Error(`${id} is lost`);
  }
  for (const [id, count] of [...world.tabs].flatMap(({ sent }) => [...sent])) {
    if (count > 60) throw new Error(`${id} was sent ${count} times`);
  }
}

/** A message has the files that it was composed with, and the text that it had last; what was not wanted is not there. */
function checkMessage(
  message: Message,
  { world, composed, hidden, texts, mended }: Played,
  tabs: number,
): void {
  const { id, clientMessageId, attachments, text, removedAt } = message;
  const own = clientMessageId ?? '';
  const files = (attachments ?? []).map((each) => world.server.uploads.content(each.id));
  const wanted = composed.get(own)?.files ?? [];
  if (!isDeepStrictEqual(files, wanted)) throw new Error(`${own} has ${files} of ${wanted}`);
  const isRefused = world.storage.entries.some((entry) => 'target' in entry && entry.target === id);
  if (tabs > 1 || isRefused) return;
  if (hidden.has(own) && !removedAt) throw new Error(`${own} was not wanted`);
  const last = texts.get(own);
  const isOthers = removedAt || text === mended.get(own) || text?.startsWith('edited'); // by another device
  if (last !== undefined && last !== text && !isOthers) throw new Error(`${own} says ${text}, not ${last}`);
}

function checkRoom(room: RoomSnapshot, { messages: all }: ModelRoom): void {
  if (room.status !== 'live') throw new Error(`${room.roomId} is ${room.status}`);
  if (room.pending.length) throw new Error(`${room.pending[0]?.clientMessageId} is shown as waiting`);
  for (const { entries } of room.changes.values())
    if (entries.some(({ status }) => status !== 'refused')) throw new Error('a change still waits');
  const held = room.messages.length;
  if (held === 0 && all.length > 0) throw new Error('nothing is shown');
  const first = (room.messages[0]?.seq ?? 1) - 1;
  if (!room.hasOlder && first > 0) throw new Error(`${first} of the oldest are missing`);
  if (!room.hasNewer && first + held < all.length) throw new Error('the newest are missing');
  const same = all.slice(first);
  for (const [index, message] of room.messages.entries()) {
    const stored = same[index];
    // When it was erased nobody is told: nothing else may be left of it.
    const expected = isErased(message) && stored ? { ...stored, removedAt: message.removedAt } : stored;
    if (!isDeepStrictEqual(known(message), known(expected)))
      throw new Error(`shown: ${JSON.stringify(message)}, stored: ${JSON.stringify(same[index])}`);
  }
}

/** The fields that say something. */
const known = (message: Message | undefined) =>
  Object.fromEntries(
    Object.entries(message ?? {}).filter(([, value]) => value !== null && value !== undefined),
  );

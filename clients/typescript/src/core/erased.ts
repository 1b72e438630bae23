// Messages whose senders were erased (docs/privacy.md): of these nothing stays here but that they were, in whatever order
// the news and older states of them come. Which they are the server says by their numbers, at once and for ever.
import type { Message, SeqRange } from '../wire/generated/types.ts';

/** The sender of every such message, as the server has it: nobody's id, and not what such a message is known by. */
export const ERASED_SENDER = `erased:${'0'.repeat(128)}`;

/** Whether its sender was erased. */
export const isErased = ({ erased }: { readonly erased?: boolean | null | undefined }) => erased === true;

export const isIn = (ranges: readonly SeqRange[], seq: number | null | undefined) =>
  seq ? ranges.some(({ from, to }) => from <= seq && seq <= to) : false;

/** The message as these ranges leave it: itself where they name neither it nor what it quotes. */
export function without(message: Message, ranges: readonly SeqRange[]): Message {
  const { quote } = message;
  if (isIn(ranges, message.seq)) return isErased(message) ? message : erased(message);
  if (!quote || isErased(quote) || !isIn(ranges, quote.seq)) return message;
  return { ...message, quote: nothingOf(quote) };
}

/** The place of the message, without anything of its sender, and whatever this client does not know of it. */
function erased({
  id,
  roomId,
  roomType,
  guildId,
  ts,
  seq,
  epoch,
  rev,
  version,
  editedAt,
  removedAt,
}: Message) {
  const place = { id, roomId, roomType, guildId, ts, seq, epoch, rev, version, editedAt, removedAt };
  return nothingOf(place);
}

/** When it was erased is not told: until it is read anew its own instant stands for that. */
const nothingOf = <Kept extends { readonly ts: string; readonly removedAt?: string | null | undefined }>(
  kept: Kept,
) => ({
  ...kept,
  senderId: ERASED_SENDER,
  erased: true,
  text: null,
  attachments: null,
  removedAt: kept.removedAt ?? kept.ts,
});

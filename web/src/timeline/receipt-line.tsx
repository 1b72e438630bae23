// To how many one's own newest message was delivered, and how many have read it.
import type { Message } from '@appsync-chat/client';
import { useReceipts } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';

export function ReceiptLine({
  roomId,
  newest,
}: {
  readonly roomId: string;
  readonly newest: Message | null;
}) {
  const text = useText();
  const confirmed = useReceipts(roomId, newest?.seq ?? null);
  if (!confirmed || confirmed.of === 0) return null;
  const { read, delivered, of } = confirmed;
  return (
    <p className="receipt">
      {read > 0
        ? text('timeline.read', { count: read, of })
        : text('timeline.delivered', { count: delivered, of })}
    </p>
  );
}

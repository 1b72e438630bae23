// To how many one's own message was delivered, and how many have read it: asked for the message that is shown, and again when
// somebody's receipt comes, since that says of one person alone and not how many there are.
import type { DeliveryConfirmation, ReceiptPage } from '../wire/generated/types.ts';
import type { Host } from './host.ts';
import { split } from './places.ts';
import type { Event } from './protocol.ts';

/** Others need a moment to get it, and receipts of many come together. */
const GATHER_MS = 1_500;
/** While somebody looks, since deliveries are told to nobody. */
const EVERY_MS = 30_000;

interface Wanted {
  seq: number;
  isAsking: boolean;
  /** Whether there is anything more to hear: not once everybody has read it, nor in rooms too large to be counted. */
  isOver: boolean;
  shown: DeliveryConfirmation | null;
}

export class Receipts {
  readonly #host: Host;
  readonly #rooms = new Map<string, Wanted>();
  #isVisible = true;

  constructor(host: Host) {
    this.#host = host;
  }

  take(event: Event): void {
    switch (event.type) {
      case 'confirm':
        return this.#want(event.roomId, event.seq);
      case 'receipt': {
        const { roomId, readSeq, deliveredSeq } = event.receipt;
        const wanted = this.#rooms.get(roomId ?? '');
        if (wanted && Math.max(readSeq ?? 0, deliveredSeq ?? 0) >= wanted.seq)
          this.#askIn(roomId ?? '', GATHER_MS);
        return;
      }
      case 'close':
      case 'left':
        return this.#want(event.roomId, null);
      case 'visible':
        this.#isVisible = event.isVisible;
        if (event.isVisible) for (const roomId of this.#rooms.keys()) this.#askIn(roomId, GATHER_MS);
        return;
      case 'due': {
        const [kind, roomId] = split(event.key);
        if (kind === 'receipts') this.#ask(roomId);
      }
    }
  }

  look(roomId: string): DeliveryConfirmation | null {
    return this.#rooms.get(roomId)?.shown ?? null;
  }

  #want(roomId: string, seq: number | null): void {
    if (seq === null) {
      if (this.#rooms.delete(roomId)) this.#host.emit({ type: 'cancel', key: `receipts/${roomId}` });
      return;
    }
    if (this.#rooms.get(roomId)?.seq === seq) return;
    this.#rooms.set(roomId, { seq, isAsking: false, isOver: false, shown: null });
    this.#askIn(roomId, GATHER_MS);
  }

  #askIn(roomId: string, afterMs: number): void {
    const wanted = this.#rooms.get(roomId);
    if (wanted && !wanted.isOver) this.#host.emit({ type: 'timer', key: `receipts/${roomId}`, afterMs });
  }

  #ask(roomId: string): void {
    const wanted = this.#rooms.get(roomId);
    if (!wanted || wanted.isAsking || wanted.isOver) return;
    if (!this.#host.isUp() || !this.#isVisible) return this.#askIn(roomId, EVERY_MS);
    wanted.isAsking = true;
    this.#host.request('receipts', { roomId, seq: wanted.seq, limit: 1 }, (value, refusal) => {
      wanted.isAsking = false;
      if (this.#rooms.get(roomId) !== wanted) return;
      const page = refusal ? null : (value as ReceiptPage | null);
      if (page) {
        const { confirmation } = page;
        wanted.shown = confirmation ?? null;
        wanted.isOver = !confirmation || confirmation.read >= confirmation.of;
      } else wanted.isOver = refusal?.code === 'NotAllowed' || refusal?.code === 'NotRoomMember';
      this.#askIn(roomId, EVERY_MS);
    });
  }
}

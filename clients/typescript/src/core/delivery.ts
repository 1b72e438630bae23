// One message on its way: its files one after the other, then the word in the storage that it may have been sent, then the
// message itself. Where the page ends the next one goes on from what the storage knows: a file that may be there is posted
// once more by the same form, and with another where that has ended.
import type { Message, Upload } from '../wire/generated/types.ts';
import type { Host } from './host.ts';
import type { QueuedFile, Revision, StoredEntry } from './protocol.ts';
import type { Refusal } from './refusals.ts';

/**
 * What a refusal means: wait, ask for a token, or make a draft of this message or of all of the room. `failed`: a draft as
 * well, but the refusal says nothing of other tries, which may still reach the server.
 */
export type Verdict = 'wait' | 'blocked' | 'final' | 'failed' | 'all';

/** Refusals that say nothing about what was sent: the second of them is final. */
const MOST_FAULTS = 2;

const malformed: Refusal = { code: 'Unknown', errorType: 'MalformedAnswer', sentence: '', values: {} };

export interface DeliveryListener {
  /** Have the storage say so, and come back with what it has then. */
  revise(clientMessageId: string, by: Revision): void;
  stored(message: Message): void;
  refused(clientMessageId: string, refusal: Refusal, verdict: Verdict): void;
}

type Then = (value: unknown, refusal: Refusal | null) => void;

export class Delivery {
  #faults = 0;
  /** The form that was given just now: it has not ended, whatever a clock says. */
  #fresh: string | null = null;
  /** Tells an answer that nobody waits for any more. */
  #turn = 0;
  /** Tells this tab's tries of the message from those of others, and from its own before. */
  #by = '';
  /** A try of these was not answered: it may still be on its way. */
  #isUnsure = false;
  /** The file that is being posted. */
  #posting: string | null = null;
  readonly #host: Host;
  readonly #listener: DeliveryListener;

  constructor(host: Host, listener: DeliveryListener) {
    this.#host = host;
    this.#listener = listener;
  }

  /** Another message than before. */
  begin(): void {
    this.end();
    this.#faults = 0;
    this.#by = String(this.#host.chance());
    this.#isUnsure = false;
  }

  /** The tries that are not on their way any more. */
  get over(): readonly string[] {
    return this.#isUnsure ? [] : [this.#by];
  }

  /** It is not on its way any more. */
  end(): void {
    this.#turn += 1;
    if (this.#posting) this.#host.emit({ type: 'endPost', key: this.#posting });
    this.#posting = null;
  }

  /** Whatever is next for it. */
  step(entry: StoredEntry): void {
    this.#turn += 1;
    const file = entry.files?.find(({ isPosted }) => !isPosted);
    if (file) this.#bring(entry, file);
    else if (!entry.tries?.includes(this.#by))
      this.#listener.revise(entry.clientMessageId, { kind: 'try', by: this.#by });
    else this.#send(entry);
  }

  #bring(entry: StoredEntry, file: QueuedFile): void {
    const { clientMessageId: id, roomId, files = [] } = entry;
    const filed = (said: Partial<QueuedFile>) => {
      const known = files.map((each) => (each === file ? { ...each, ...said } : each));
      this.#listener.revise(id, { kind: 'files', files: known });
    };
    const { upload, key, name, contentType, size } = file;
    if (!upload || this.#hasEnded(upload)) {
      const asked = this.#ask((value, refusal) => {
        if (refusal || !value) return this.#refused(id, refusal ?? malformed);
        this.#fresh = (value as Upload).id;
        filed({ upload: value as Upload });
      });
      return this.#host.request('createUpload', { roomId, contentType, size, name }, asked);
    }
    this.#posting = key;
    const posted = this.#ask((_, refusal) => {
      this.#posting = null;
      if (!refusal) return filed({ isPosted: true });
      // The form is not taken: it has ended, or the file does not fit it.
      const isOld = this.#fresh !== upload.id;
      if (refusal.code === 'Unknown' && (isOld || this.#isFirstFault())) filed({ upload: null });
      else this.#refused(id, refusal);
    });
    this.#host.post(file, upload, posted);
  }

  #send(entry: StoredEntry): void {
    const { n, isDurable, refusal, version, files = [], isTried, tries, after, ...composed } = entry;
    const id = entry.clientMessageId;
    const ids = [...(entry.attachments ?? []), ...files.flatMap(({ upload }) => upload?.id ?? [])];
    const refused = this.#ask((_, said) => {
      if (said?.code === 'Unreachable') this.#isUnsure = true;
      const isOfFiles = said?.code === 'InvalidInput' && said.argument === 'attachments' && files.length > 0;
      if (isOfFiles && this.#isFirstFault()) {
        // They have ended, and so nothing was stored with them: others take their places.
        const anew = files.map((file) => ({ ...file, upload: null, isPosted: false }));
        this.#listener.revise(id, { kind: 'files', files: anew, isAnew: true });
      } else this.#refused(id, said ?? malformed);
    });
    const variables = ids.length > 0 ? { ...composed, attachments: ids } : composed;
    this.#host.request('sendMessage', variables, (value, said) => {
      const message = said ? null : (value as Message | null);
      if (message?.clientMessageId === id && message.roomId === entry.roomId) this.#listener.stored(message);
      else refused(null, said);
    });
  }

  /** What comes of it, unless something else is under way by then. */
  #ask(then: Then): Then {
    const turn = this.#turn;
    return (value, refusal) => {
      if (turn === this.#turn) then(value, refusal);
    };
  }

  #hasEnded({ id, expiresAt }: Upload): boolean {
    const now = this.#host.serverTime();
    return this.#fresh !== id && now !== null && Date.parse(expiresAt) < now;
  }

  #isFirstFault(): boolean {
    this.#faults += 1;
    return this.#faults < MOST_FAULTS;
  }

  #refused(id: string, refusal: Refusal): void {
    this.#fresh = null; // time may pass
    this.#listener.refused(id, refusal, this.#judged(refusal));
  }

  #judged({ code }: Refusal): Verdict {
    switch (code) {
      case 'RateLimited':
      case 'Muted':
      case 'ServiceUnavailable':
      case 'Unreachable':
        return 'wait';
      case 'Unauthorized':
      case 'IdentityRefused':
        return 'blocked';
      case 'InternalError':
      case 'Unknown':
        return this.#isFirstFault() ? 'wait' : 'failed';
      case 'NotRoomMember':
        return 'all';
      default:
        return 'final';
    }
  }
}

// Histories of calls to the API, and what they were answered with: played with the real functions and recorded, and played with the
// model, whose answers must be the same in form and in what they say. Ids, instants, tokens and where numbers begin are
// the server's own, so they are written as what they are of.
import type { Refusal } from '../../src/core/refusals.ts';
import type { Message } from '../../src/wire/generated/types.ts';
import { chosen, seeded } from './random.ts';

export const PEOPLE = ['owner', 'other', 'third'] as const;
export type Who = (typeof PEOPLE)[number];

/** One call. A value `$n.path` stands for what the answer of step n has there, `$room` for the room, `$who` for a person's id. */
export interface Step {
  readonly by: Who;
  readonly field: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Recording {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** What each was answered with, in the form of `formOf`. */
  readonly answers: readonly unknown[];
}

/** What a field answers that person: the value, or the refusal. */
export type Ask = (by: Who, field: string, variables: Readonly<Record<string, unknown>>) => Promise<Answer>;
export type Answer = { readonly value: unknown } | { readonly refusal: Refusal };

/** A plan of calls that a seed chooses: what it refers to is always there when it is played in order. */
export function planned(seed: number): readonly Step[] {
  const random = seeded(seed);
  const steps: Step[] = [];
  /** By step, what was sent; and of each person the reads and syncs that later ones go on from. */
  const sent: { step: number; by: Who }[] = [];
  const heads: number[] = [];
  const tokens = new Map<Who, number>();
  const add = (by: Who, field: string, variables: Step['variables'] = {}) => {
    steps.push({ by, field, variables });
    return steps.length - 1;
  };
  const inRoom = (by: Who, field: string, variables: Step['variables'] = {}) =>
    add(by, field, { roomId: '$room', ...variables });
  const writer = () => (random() < 0.5 ? 'owner' : 'other');
  heads.push(inRoom('owner', 'messages', { limit: 5 }));
  for (const who of ['owner', 'other'] as const) tokens.set(who, add(who, 'sync'));
  const does: Readonly<Record<string, () => void>> = {
    send() {
      const by = writer();
      const id = `c${steps.length}`;
      const step = inRoom(by, 'sendMessage', { text: `text ${steps.length}`, clientMessageId: id });
      sent.push({ step, by });
    },
    repeat() {
      const again = chosen(sent, random);
      const { variables } = steps[again?.step ?? -1] ?? {};
      if (again)
        inRoom(again.by, 'sendMessage', { ...variables, ...(random() < 0.3 ? { text: 'other' } : {}) });
    },
    edit() {
      const target = chosen(sent, random);
      if (target)
        inRoom(writer(), 'editMessage', { id: `$${target.step}.id`, text: `edited ${steps.length}` });
    },
    remove() {
      const target = chosen(sent, random);
      if (target) inRoom(target.by, 'removeMessage', { id: `$${target.step}.id` });
    },
    read() {
      heads.push(inRoom(writer(), 'messages', { limit: 1 + Math.floor(random() * 6) }));
    },
    further() {
      const page = chosen(heads, random) ?? 0;
      const { by, field, variables } = steps[page] ?? {
        by: 'owner' as const,
        field: 'messages',
        variables: {},
      };
      add(by, field, { ...variables, nextToken: `$${page}.nextToken` });
    },
    older() {
      const head = chosen(heads, random);
      inRoom('owner', 'messages', { limit: 3, before: `$${head}.head.ts` });
    },
    changes() {
      const from = chosen(heads, random);
      const bounds = {
        since: `$${from}.head.rev`,
        after: `$${from}.head.ts`,
        limit: 2 + Math.floor(random() * 20),
      };
      heads.push(inRoom(writer(), 'changes', bounds));
    },
    sync() {
      const by = writer();
      tokens.set(by, add(by, 'sync', { since: `$${tokens.get(by)}.token` }));
    },
    mark() {
      const target = chosen(sent, random);
      if (target) inRoom(writer(), 'markRead', { seq: `$${target.step}.seq` });
    },
    beat() {
      add(writer(), 'heartbeat', { status: 'ONLINE', rooms: [{ roomId: '$room', seq: 0 }] });
    },
    people() {
      const isThere =
        steps.filter(({ field }) => field === 'addMember' || field === 'removeMember').length % 2 > 0;
      inRoom('owner', isThere ? 'removeMember' : 'addMember', { userId: '$third' });
    },
    stranger() {
      inRoom('third', 'messages', { limit: 2 });
    },
    nothing() {
      inRoom(writer(), 'sendMessage', { text: '', clientMessageId: `e${steps.length}` });
    },
  };
  const often = [
    'send',
    'send',
    'send',
    'send',
    'edit',
    'changes',
    'sync',
    'mark',
    'beat',
    ...Object.keys(does),
  ];
  while (steps.length < 45) does[chosen(often, random) ?? 'send']?.();
  return steps;
}

/** Play the steps. Returns what each was answered with, as it is compared. */
export async function played(
  steps: readonly Step[],
  roomId: string,
  ids: Readonly<Record<Who, string>>,
  ask: Ask,
) {
  const answers: Answer[] = [];
  const names = new Map<string, string>([[roomId, 'room'], ...PEOPLE.map((who) => [ids[who], who] as const)]);
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]));
    }
    if (typeof value !== 'string' || !value.startsWith('$')) return value;
    if (value === '$room') return roomId;
    if (value === '$third') return ids.third;
    const [step = '', ...path] = value.slice(1).split('.');
    return path.reduce<unknown>((at, name) => member(at, name), answered(answers[Number(step)])) ?? null;
  };
  for (const { by, field, variables } of steps) {
    answers.push(await ask(by, field, resolve(variables) as Step['variables']));
  }
  const forms = new Forms(names, answers);
  return answers.map((answer) => forms.of(answer));
}

const answered = (answer: Answer | undefined) => (answer && 'value' in answer ? answer.value : null);
const member = (value: unknown, name: string) =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : null;

/** Of these nothing but whether they are there. */
const TOKENS = new Set(['nextToken', 'token']);
/** What is the deployment's own, or the server's clock. */
const LEFT_OUT = new Set([
  'room',
  'at',
  'everySeconds',
  'retryAfterMs',
  'roomType',
  'correlationId',
  'mentionsAll',
  'quote',
]);

/** A receipt says where it is only if others are to hear it, and not within two seconds of the one before. */
const OF_RECEIPTS = new Set([...LEFT_OUT, 'roomId', 'epoch']);

/** How answers are written so that two servers' can be compared. */
class Forms {
  readonly #names: ReadonlyMap<string, string>;
  readonly #messages = new Map<string, string>();
  readonly #instants = new Map<string, string>();
  /** The room's first revision and epoch. */
  readonly #rev: number;
  readonly #epoch: number;

  constructor(names: ReadonlyMap<string, string>, answers: readonly Answer[]) {
    this.#names = names;
    const head = member(answered(answers[0]), 'head');
    this.#rev = Number(member(head, 'rev'));
    this.#epoch = Number(member(head, 'epoch'));
    for (const answer of answers) this.#note(answered(answer));
  }

  of(answer: Answer): unknown {
    if ('value' in answer) return this.#form(answer.value, '');
    const { code, values } = answer.refusal;
    const { code: _, ...said } = { ...values };
    return { refused: code, ...(this.#form(said, '') as object) };
  }

  /** Messages and their instants are called by their number. */
  #note(value: unknown): void {
    if (Array.isArray(value)) for (const each of value) this.#note(each);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const { id, seq, ts, notice } = value as Partial<Message>;
    if (id && seq && ts && !notice) {
      this.#messages.set(id, `message ${seq}`);
      this.#instants.set(ts, `instant of ${seq}`);
    }
    for (const each of Object.values(value)) this.#note(each);
  }

  #form(value: unknown, name: string): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#form(each, name));
    if (typeof value === 'object' && value !== null) {
      const said = 'notice' in value && value.notice ? { ...value, id: 'a notice', ts: 'an instant' } : value;
      const leftOut = 'readSeq' in value ? OF_RECEIPTS : LEFT_OUT;
      const entries = Object.entries(said)
        .filter(([key, each]) => !leftOut.has(key) && each !== null && each !== undefined)
        .map(([key, each]) => [key, this.#form(each, key)] as const);
      return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    if (TOKENS.has(name)) return 'a token';
    if (name === 'rev') return Number(value) - this.#rev;
    if (name === 'epoch' || name === 'nextEpoch') return Number(value) - this.#epoch;
    if (name === 'editedAt' || name === 'removedAt') return 'an instant';
    const text = typeof value === 'string' ? value : '';
    return this.#names.get(text) ?? this.#messages.get(text) ?? this.#instants.get(text) ?? value;
  }
}

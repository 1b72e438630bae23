// What a call may be refused with: the server's refusals by their names (docs/clients.md#refusals), and what happens
// on the way to it.

interface Said {
  /** A sentence for people, in their language; empty where nobody said one. */
  readonly sentence: string;
  /** Every value that the refusal names, those of a newer server included. */
  readonly values: Readonly<Record<string, string>>;
}

/** Why something was refused, by `code`; `sentence` is the server's own, for people. */
export type Refusal = Said &
  (
    | { readonly code: 'IdentityRefused'; readonly reason: string }
    | { readonly code: 'InvalidInput'; readonly argument?: string; readonly reason?: string }
    | { readonly code: 'NotRoomMember' }
    | { readonly code: 'NotAllowed'; readonly reason: string }
    | { readonly code: 'Muted'; readonly until: string }
    | { readonly code: 'RateLimited'; readonly retryAfterMs: number; readonly scope: string }
    | { readonly code: 'IdempotencyMismatch' }
    | { readonly code: 'StaleEpoch'; readonly epoch: number }
    | { readonly code: 'ServiceUnavailable'; readonly reason?: string }
    | { readonly code: 'InternalError'; readonly correlationId?: string }
    /** The token was not accepted, and neither was a fresh one. */
    | { readonly code: 'Unauthorized' }
    /** No answer came: whether the call was carried out is unknown. */
    | { readonly code: 'Unreachable' }
    /** A name that this client does not know. */
    | { readonly code: 'Unknown'; readonly errorType: string }
  );

/** Every code: the server's, and those of calls that did not come to an answer of it. */
export type RefusalCode = Refusal['code'];

const MACHINE = /\s*\[code=(\w+)((?: \w+=[^\s\]]*)*)\]\s*$/;
const DEFAULT_WAIT_MS = 1_000;

/**
 * The refusal that `errors[].errorType` and `errors[].message` say. Where the type is not one of ours (a resolver with
 * templates makes `Lambda:Unhandled` of every one), the name in the message's brackets counts.
 */
export function parseRefusal(
  errorType: string | null | undefined,
  message: string | null | undefined,
): Refusal {
  const text = message ?? '';
  const found = MACHINE.exec(text);
  const values: Record<string, string> = Object.create(null);
  for (const pair of found?.[2]?.trim().split(' ') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0) values[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const said = { sentence: found ? text.slice(0, found.index) : text, values };
  return named(errorType ?? '', said) ?? named(found?.[1] ?? '', said) ?? unknown(errorType ?? '', said);
}

function unknown(errorType: string, said: Said): Refusal {
  const unauthorized = /^(Unauthorized|UnauthorizedException|NotAuthorizedException)$/.test(errorType);
  return unauthorized ? { ...said, code: 'Unauthorized' } : { ...said, code: 'Unknown', errorType };
}

function named(code: string, said: Said): Refusal | null {
  const { values } = said;
  const optional = <Name extends string>(name: Name) =>
    (values[name] === undefined ? {} : { [name]: values[name] }) as { readonly [Key in Name]?: string };
  switch (code) {
    case 'IdentityRefused':
    case 'NotAllowed':
      return { ...said, code, reason: values.reason ?? '' };
    case 'InvalidInput':
      return { ...said, code, ...optional('argument'), ...optional('reason') };
    case 'NotRoomMember':
    case 'IdempotencyMismatch':
      return { ...said, code };
    case 'Muted':
      return { ...said, code, until: values.until ?? '' };
    case 'RateLimited': {
      const retryAfterMs = whole(values.retryAfterMs, DEFAULT_WAIT_MS);
      return { ...said, code, retryAfterMs, scope: values.scope ?? '' };
    }
    case 'StaleEpoch':
      return { ...said, code, epoch: whole(values.epoch, 0) };
    case 'ServiceUnavailable':
      return { ...said, code, ...optional('reason') };
    case 'InternalError':
      return { ...said, code, ...optional('correlationId') };
    default:
      return null;
  }
}

function whole(text: string | undefined, otherwise: number): number {
  const number = Number(text);
  return text && Number.isSafeInteger(number) && number >= 0 ? number : otherwise;
}

/** No answer came, or none that could be read. */
export const unreachable = (sentence = ''): Refusal => ({ code: 'Unreachable', sentence, values: {} });
/** The file is not there any more. */
export function missingFile(): Refusal {
  const values = { argument: 'attachments', reason: 'fileMissing' };
  return { code: 'InvalidInput', ...values, sentence: '', values };
}
/** The token was refused. */
export const unauthorized = (sentence = ''): Refusal => ({ code: 'Unauthorized', sentence, values: {} });

/** Whether the same call may succeed later, with nothing changed. */
export function isPassing({ code }: Refusal): boolean {
  return code === 'ServiceUnavailable' || code === 'Unreachable' || code === 'RateLimited';
}

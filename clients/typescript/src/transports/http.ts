// GraphQL over HTTP, as AppSync speaks it: refusals come with status 200, and 401 is a token that was not accepted.
import { parseRefusal, type Refusal, unauthorized, unreachable } from '../core/refusals.ts';
import { checked, type Operation } from '../wire/operation.ts';
import { prefixed } from '../wire/prefix.ts';
import { CallRefused, isRecord } from './transport.ts';

/** AppSync ends what takes longer than 30 seconds. */
const MOST_MS = 32_000;
const TOO_FAST_MS = 1_000;

/** The headers that say who calls; `isRefused`: those of before were not accepted. */
export type Authorize = (body: string, isRefused: boolean) => Promise<Readonly<Record<string, string>>>;

/** Where the API is, its schema's prefix, and who calls. */
export interface Api {
  readonly url: string;
  readonly prefix: string;
  readonly authorize: Authorize;
}

/** The operation's answer. Rejects with `CallRefused`. */
export async function callHttp<Variables, Answer>(
  { url, prefix, authorize }: Api,
  operation: Operation<Variables, Answer>,
  variables: Variables,
): Promise<Answer | null> {
  const { field, text } = prefixed(operation, prefix);
  const body = JSON.stringify({ query: text, variables });
  const ask = async (isRefused: boolean) =>
    // The last heartbeat is said while the page goes.
    post(url, body, await authorized(authorize, body, isRefused), operation.field === 'heartbeat');
  let response = await ask(false);
  if (response.status === 401) response = await ask(true);
  const answer = await read(response);
  const refusal = refusalOf(response, answer, field);
  if (refusal) throw new CallRefused(refusal);
  try {
    return checked(operation, isRecord(answer?.data) ? answer.data[field] : null);
  } catch (error) {
    const sentence = error instanceof Error ? error.message : '';
    throw new CallRefused({ code: 'Unknown', errorType: 'MalformedAnswer', sentence, values: {} });
  }
}

async function authorized(authorize: Authorize, body: string, isRefused: boolean) {
  try {
    return await authorize(body, isRefused);
  } catch (error) {
    throw new CallRefused(unreachable(`no token: ${String(error)}`));
  }
}

async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  keepalive: boolean,
): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(MOST_MS);
    return await fetch(url, {
      method: 'POST',
      body,
      signal,
      keepalive,
      headers: { 'content-type': 'application/json', ...headers },
    });
  } catch {
    throw new CallRefused(unreachable());
  }
}

async function read(response: Response): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const answer: unknown = await response.json();
    return isRecord(answer) ? answer : null;
  } catch {
    return null;
  }
}

function refusalOf(
  response: Response,
  answer: Readonly<Record<string, unknown>> | null,
  field: string,
): Refusal | null {
  const data = isRecord(answer?.data) ? answer.data : null;
  if (response.status === 401) return unauthorized();
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after')) || TOO_FAST_MS / 1_000;
    return { code: 'RateLimited', retryAfterMs: seconds * 1_000, scope: 'api', sentence: '', values: {} };
  }
  if (response.status >= 500 || !answer) return unreachable();
  const said = firstError(answer.errors);
  if (said && (data?.[field] === null || data?.[field] === undefined)) {
    return parseRefusal(said.errorType, said.message);
  }
  if (!data) return { code: 'Unknown', errorType: `Http${response.status}`, sentence: '', values: {} };
  return null;
}

/** The first of AppSync's errors, which stand in a list, or now and then alone. */
export function firstError(errors: unknown): { errorType: string | null; message: string | null } | null {
  const first: unknown = Array.isArray(errors) ? errors[0] : errors;
  if (!isRecord(first)) return null;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return { errorType: text(first.errorType), message: text(first.message) };
}

// Brings a file to where attachments lie (docs/attachments.md), by the form that was given for it and past the API. Loaded when
// there is a file for the first time, so it imports nothing.
import type { Refusal } from './core/refusals.ts';
import type { Upload } from './wire/generated/types.ts';

export interface UploadOptions {
  /** Hears which part of the file is there, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** Why it did not arrive: `Unreachable` where the same may go well later, `Unknown` where the form was not taken. */
export async function postFile(
  { url, fields }: Upload,
  file: Blob,
  fileName: string,
  options: UploadOptions = {},
): Promise<Refusal | null> {
  const body = new FormData();
  for (const { name, value } of fields) body.append(name, value);
  body.append('file', file, fileName); // S3 takes nothing after it
  const by = typeof XMLHttpRequest === 'undefined' ? postByFetch : postByRequest;
  return refusalOf(await by(url, body, options));
}

/** The answer's status; 0: there was none. `fetch` does not tell how far it is. */
function postByRequest(url: string, body: FormData, { onProgress, signal }: UploadOptions): Promise<number> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const end = () => resolve(request.status);
    request.upload.onprogress = ({ loaded, total }) => total > 0 && onProgress?.(loaded / total);
    request.onload = request.onerror = request.onabort = end;
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    if (signal?.aborted) return end();
    request.open('POST', url);
    request.send(body);
  });
}

const postByFetch = (url: string, body: FormData, { signal }: UploadOptions) =>
  fetch(url, { method: 'POST', body, ...(signal ? { signal } : {}) }).then(
    ({ status }) => status,
    () => 0,
  );

function refusalOf(status: number): Refusal | null {
  if (status >= 200 && status < 300) return null;
  const said = { sentence: `the upload was answered ${status}`, values: {} };
  const isPassing = status < 400 || status >= 500 || status === 408 || status === 429;
  return isPassing
    ? { code: 'Unreachable', ...said }
    : { code: 'Unknown', errorType: `Http${status}`, ...said };
}

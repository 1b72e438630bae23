// Brings a file to where attachments lie (docs/attachments.md): a form that is good for some minutes, then the file itself by
// that form, past the API. The file is no message's yet: it goes with the next one that names its id.
import { type Refusal, unreachable } from './core/refusals.ts';
import { CallRefused } from './transports/transport.ts';
import { createUploadOperation } from './wire/generated/operations.ts';
import type { CreateUploadVariables, Upload } from './wire/generated/types.ts';
import type { Operation } from './wire/operation.ts';

export interface UploadOptions {
  /** Hears which part of the file is there, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

type Call = (
  operation: Operation<CreateUploadVariables, Upload>,
  variables: CreateUploadVariables,
) => Promise<Upload | null>;

/** Returns the attachment's id. Rejects with `CallRefused`: the form was refused, or the file did not arrive. */
export async function uploadFile(
  call: Call,
  roomId: string,
  file: File,
  options: UploadOptions = {},
): Promise<string> {
  const contentType = file.type || 'application/octet-stream';
  const form = await call(createUploadOperation, { roomId, contentType, size: file.size, name: file.name });
  if (!form) throw new CallRefused(unreachable('no form was given'));
  await postFile(form, file, file.name, options);
  return form.id;
}

/** Rejects with `CallRefused`: `Unreachable` where the same may go well later, `Unknown` where the form was not taken. */
export async function postFile(
  { url, fields }: Upload,
  file: Blob,
  fileName: string,
  options: UploadOptions = {},
): Promise<void> {
  const body = new FormData();
  for (const { name, value } of fields) body.append(name, value);
  body.append('file', file, fileName); // S3 takes nothing after it
  const by = typeof XMLHttpRequest === 'undefined' ? postByFetch : postByRequest;
  const refusal = refusalOf(await by(url, body, options));
  if (refusal) throw new CallRefused(refusal);
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
  const isPassing = status < 400 || status >= 500 || status === 408 || status === 429;
  if (isPassing)
    return unreachable(status ? `the upload was answered ${status}` : 'the upload did not arrive');
  return { code: 'Unknown', errorType: `Http${status}`, sentence: '', values: {} };
}

// Brings a file to where attachments lie (docs/attachments.md): a form that is good for some minutes, then the file itself by
// that form, past the API. The file is no message's yet: it goes with the next one that names its id.
import { unreachable } from './core/refusals.ts';
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
  { onProgress = () => {}, signal }: UploadOptions = {},
): Promise<string> {
  const contentType = file.type || 'application/octet-stream';
  const form = await call(createUploadOperation, { roomId, contentType, size: file.size, name: file.name });
  if (!form) throw new CallRefused(unreachable('no form was given'));
  const body = new FormData();
  for (const { name, value } of form.fields) body.append(name, value);
  body.append('file', file); // S3 takes nothing after it
  await post(form.url, body, onProgress, signal);
  return form.id;
}

/** By XMLHttpRequest: `fetch` does not tell how far it is. */
function post(
  url: string,
  body: FormData,
  onProgress: (part: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (why: string) => reject(new CallRefused(unreachable(why)));
    request.upload.onprogress = ({ loaded, total }) => total > 0 && onProgress(loaded / total);
    request.onload = () =>
      request.status >= 200 && request.status < 300
        ? resolve()
        : fail(`the upload was answered ${request.status}`);
    request.onerror = () => fail('the upload did not arrive');
    request.onabort = () => fail('the upload was given up');
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    if (signal?.aborted) return fail('the upload was given up');
    request.open('POST', url);
    request.send(body);
  });
}

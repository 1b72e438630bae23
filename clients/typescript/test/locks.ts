// Web Locks as browsers have them (https://w3c.github.io/web-locks/), as far as tabs use them: one holder, first come
// first served, a signal that ends waiting, and stealing, which rejects the request of who held it.
import type { Locks } from '../src/tabs.ts';

interface Request {
  readonly callback: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const aborted = () => new DOMException('the request was aborted', 'AbortError');

export function standInLocks(): Locks {
  const held = new Map<string, Request>();
  const queues = new Map<string, Request[]>();

  function next(name: string): void {
    const request = held.has(name) ? undefined : queues.get(name)?.shift();
    if (!request) return;
    held.set(name, request);
    queueMicrotask(async () => {
      await request.callback();
      if (held.get(name) !== request) return;
      held.delete(name);
      request.resolve();
      next(name);
    });
  }

  return {
    request: (name, { signal, steal }, callback) =>
      new Promise<void>((resolve, reject) => {
        const request = { callback, resolve, reject };
        const queue = queues.get(name) ?? [];
        queues.set(name, queue);
        if (steal) {
          held.get(name)?.reject(aborted());
          held.delete(name);
          queue.unshift(request);
        } else queue.push(request);
        signal?.addEventListener('abort', () => {
          if (!queue.includes(request)) return; // granted: a signal ends only waiting
          queue.splice(queue.indexOf(request), 1);
          reject(aborted());
        });
        next(name);
      }),
  };
}

// What a person is told where their data is to be exported or erased, and the way to take it back.
import {
  CallRefused,
  type ChatClient,
  type DataRequest,
  dataRequestsOperation,
  type Operation,
  withdrawDataRequestOperation,
} from '@appsync-chat/client';
import { ChatProvider } from '@appsync-chat/client/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DataNotice } from '../src/people/data-notice.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const asked = (id: string, kind: DataRequest['kind'], state: DataRequest['state'] = 'WAITING') => ({
  ...{ id, kind, state, dueAt: '2026-01-08T12:00:00.000Z', requestedBy: 'SELF' },
});

/** As much of a client as the notice goes by: what it has heard, and the requests that the chat would answer. */
class Chat {
  requests: ReturnType<typeof asked>[] = [];
  calls: [string, unknown][] = [];
  refuses = false;
  #shown = { connection: 'online', dataRequested: null as string | null };
  #listeners = new Set<() => void>();

  start = () => {};
  stop = () => {};
  getSnapshot = () => this.#shown;
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  call = async (operation: Operation<unknown, unknown>, variables: { id?: string }) => {
    this.calls.push([operation.field, variables]);
    if (this.refuses)
      throw new CallRefused({ code: 'NotAllowed', reason: 'begun', sentence: 'It has begun.', values: {} });
    return operation.field === dataRequestsOperation.field ? this.requests : { id: variables.id };
  };

  hear(id: string): void {
    this.#shown = { ...this.#shown, dataRequested: id };
    for (const listener of this.#listeners) listener();
  }
}

let chat: Chat;
let page: HTMLElement;
let root: Root;

beforeEach(() => {
  chat = new Chat();
  page = document.body.appendChild(document.createElement('div'));
  root = createRoot(page);
});
afterEach(async () => {
  await act(() => root.unmount());
  page.remove();
});

const show = () =>
  act(async () =>
    root.render(
      <ChatProvider client={chat as unknown as ChatClient}>
        <DataNotice />
      </ChatProvider>,
    ),
  );
const buttons = () => [...page.querySelectorAll('button')];
const press = () => act(async () => buttons()[0]?.click());

test('nothing is said where nothing was asked, or it has begun', async () => {
  chat.requests = [asked('r1', 'EXPORT', 'RUNNING'), asked('r2', 'ERASURE', 'WITHDRAWN')];
  await show();
  expect(page.textContent).toBe('');
});

test('whoever comes to the page is told what waits, in a live region', async () => {
  chat.requests = [asked('r1', 'EXPORT'), asked('r2', 'ERASURE')];
  await show();
  expect(buttons().map(({ textContent }) => textContent)).toEqual([
    'Withdraw the export',
    'Withdraw the erasure',
  ]);
  const region = page.querySelector('[role=status]');
  expect(region?.textContent).toContain('An export of your data was asked for under your name.');
  expect(region?.textContent).toContain('The erasure of your data was asked for under your name.');
  expect(region?.textContent).toContain('2026');
});

test('whoever is there hears of it when it is asked', async () => {
  await show();
  chat.requests = [asked('r1', 'ERASURE')];
  await act(async () => chat.hear('request.r1'));
  expect(buttons()).toHaveLength(1);
});

test('what is due is asked for again until it has begun', async () => {
  vi.useFakeTimers({ now: Date.parse('2026-01-08T11:00:00.000Z') });
  try {
    chat.requests = [asked('r1', 'ERASURE')];
    await show();
    await act(() => vi.advanceTimersByTimeAsync(3_599_000));
    expect(chat.calls).toHaveLength(1);
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    expect([chat.calls.length, buttons().length]).toEqual([2, 1]);
    chat.requests = [];
    await act(() => vi.advanceTimersByTimeAsync(60_000));
    expect(page.textContent).toBe('');
    await act(() => vi.advanceTimersByTimeAsync(3_600_000));
    expect(chat.calls).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

test('the button takes it back, says so, and keeps the focus there', async () => {
  chat.requests = [asked('r1', 'ERASURE')];
  await show();
  await press();
  expect(chat.calls.at(-1)).toEqual([withdrawDataRequestOperation.field, { id: 'r1' }]);
  expect(buttons()).toEqual([]);
  expect(page.textContent).toBe('The request is withdrawn.');
  expect(document.activeElement?.textContent).toBe('The request is withdrawn.');
});

test('why it could not be taken back is said, and it can be tried again', async () => {
  chat.requests = [asked('r1', 'ERASURE')];
  await show();
  chat.refuses = true;
  await press();
  expect(page.querySelector('[role=alert]')?.textContent).toContain('It has begun.');
  expect(buttons()[0]?.disabled).toBe(false);
});

test('where the chat does not say it the page goes on', async () => {
  chat.refuses = true;
  await show();
  expect(page.textContent).toBe('');
});

// A file that has ended before its message: it is shown as gone, and asked for once.
import { attachmentOperation, CallRefused, type ChatClient, type Refusal } from '@appsync-chat/client';
import { ChatProvider } from '@appsync-chat/client/react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeAll, expect, test } from 'vitest';
import { en } from '../src/i18n/en.ts';
import { es } from '../src/i18n/es.ts';
import { fr } from '../src/i18n/fr.ts';
import { Attachments } from '../src/timeline/attachments.tsx';

const nothing = () => undefined;
const refusal = (code: 'InvalidInput' | 'ServiceUnavailable') =>
  ({ code, sentence: '', values: {} }) as unknown as Refusal;

/** What the page asks of the API, answered by `answer`. */
function asked(answer: () => Promise<unknown>) {
  const ids: unknown[] = [];
  const call = (operation: unknown, { id }: { readonly id: string }) => {
    expect(operation).toBe(attachmentOperation);
    ids.push(id);
    return answer();
  };
  return { ids, client: { start: nothing, stop: nothing, call } as unknown as ChatClient };
}

async function shown(client: ChatClient, id: string) {
  const element = document.createElement('div');
  document.body.append(element);
  const root = createRoot(element);
  const attachments = [{ id, name: 'notes.png', contentType: 'image/png', size: 12_000 }];
  await act(async () =>
    root.render(
      <ChatProvider client={client}>
        <Attachments roomId="lobby" attachments={attachments} />
      </ChatProvider>,
    ),
  );
  const end = () => act(async () => root.unmount());
  return { element, end };
}

beforeAll(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

test('what there is no more is no link, and is not asked for again', async () => {
  const { ids, client } = asked(() => Promise.reject(new CallRefused(refusal('InvalidInput'))));
  for (let time = 0; time < 2; time += 1) {
    const { element, end } = await shown(client, 'gone');
    expect(element.textContent).toBe('notes.pngno longer there');
    expect(element.querySelector('a, img')).toBeNull();
    await end();
  }
  expect(ids).toEqual(['gone']);
});

test('what cannot be had now is asked for again when somebody comes to it', async () => {
  const answers = [
    () => Promise.reject(new CallRefused(refusal('ServiceUnavailable'))),
    () => Promise.resolve({ url: 'http://files.example/1', expiresAt: '2999-01-01T00:00:00.000Z' }),
  ];
  const { ids, client } = asked(() => (answers.shift() ?? (() => Promise.reject(new Error('once more'))))());
  const { element, end } = await shown(client, 'later');
  const link = element.querySelector('a');
  expect(link?.getAttribute('href')).toBeNull();
  await act(async () => link?.dispatchEvent(new FocusEvent('focusin', { bubbles: true })));
  expect(element.querySelector('img')?.getAttribute('src')).toBe('http://files.example/1');
  expect(ids).toEqual(['later', 'later']);
  await end();
});

test('in each language', () => {
  expect([en, es, fr].map(({ timeline }) => timeline.fileGone)).toEqual([
    'no longer there',
    'ya no está',
    'n’est plus là',
  ]);
});

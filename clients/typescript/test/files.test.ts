// Files that go with a message: stored with it, uploaded before it, posted again where that may be lost, and given back with it.
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { ChatClient } from '../src/client.ts';
import { type Effect, type QueuedFile, revised, type StoredEntry } from '../src/core/protocol.ts';
import { missingFile, parseRefusal, type Refusal, unreachable } from '../src/core/refusals.ts';
import { indexedDbStorage } from '../src/storage/indexeddb.ts';
import type { OutboxStorage } from '../src/storage/storage.ts';
import { ModelServer } from './model/server.ts';
import { ModelStorage } from './model/storage.ts';
import { ModelTransport } from './model/transport.ts';
import { Bench, message, ROOM, START } from './support.ts';

const file = (key: string): QueuedFile => ({ key, name: `${key}.png`, contentType: 'image/png', size: 3 });
const form = (id: string, expiresAt = new Date(START + 900_000).toISOString()) => ({
  id,
  url: `https://files.test/${id}`,
  fields: [{ name: 'key', value: id }],
  expiresAt,
});
const http = (status: number): Refusal => ({
  code: 'Unknown',
  errorType: `Http${status}`,
  sentence: '',
  values: {},
});
type Asked = Extract<Effect, { type: 'request' | 'post' }>;

/** A core whose storage is there and whose requests and posts are answered by hand. */
class Sending {
  readonly bench = new Bench();
  readonly storage: ModelStorage;
  asked: Asked[] = [];
  ended: string[] = [];

  constructor(storage = new ModelStorage()) {
    this.storage = storage;
    this.feed({ type: 'start' });
  }

  feed(event: Parameters<Bench['feed']>[0]): void {
    for (const effect of this.bench.feed(event)) {
      if (effect.type === 'request' || effect.type === 'post') this.asked.push(effect);
      if (effect.type === 'endPost') this.ended.push(effect.key);
      const told = this.storage.carryOut(effect);
      if (told) this.feed(told);
    }
  }

  compose(clientMessageId: string, ...files: QueuedFile[]): void {
    this.feed({ type: 'compose', message: { roomId: ROOM, text: 'see', clientMessageId, files } });
  }

  /** What is asked for now, which is one thing at most. */
  get next(): string {
    expect(this.asked.length).toBeLessThan(2);
    const [asked] = this.asked;
    if (!asked) return '';
    if (asked.type === 'post') return `post ${asked.file.key} by ${asked.upload.id}`;
    const { field, variables } = asked;
    return field === 'sendMessage'
      ? `send ${variables.clientMessageId} with ${variables.attachments}`
      : field;
  }

  answer(value: unknown = null): void {
    const { number } = this.asked.shift() as Asked;
    this.feed({ type: 'answered', number, value });
  }

  refuse(refusal: Refusal): void {
    const { number } = this.asked.shift() as Asked;
    this.feed({ type: 'refused', number, refusal });
  }

  due(): void {
    this.feed({ type: 'due', key: `outbox/${ROOM}` });
  }

  /** The page is loaded anew. */
  reloaded(): Sending {
    return new Sending(this.storage);
  }

  get room() {
    return this.bench.room;
  }
}

const ENDED = parseRefusal('InvalidInput', 'No. [code=InvalidInput argument=attachments]');
const stored = (id: string) => message(1, { senderId: 'me', clientMessageId: id });

describe('a message with files', () => {
  test('is sent when each of them is there, in their order', () => {
    const it = new Sending();
    it.compose('a', file('f'), file('g'));
    expect(it.next).toBe('createUpload');
    expect((it.asked[0] as Extract<Asked, { type: 'request' }>).variables).toEqual({
      roomId: ROOM,
      contentType: 'image/png',
      size: 3,
      name: 'f.png',
    });
    it.answer(form('u1'));
    expect(it.next).toBe('post f by u1');
    it.answer();
    it.answer(form('u2'));
    expect(it.next).toBe('post g by u2');
    it.answer();
    expect(it.next).toBe('send a with u1,u2');
    it.answer(stored('a'));
    expect([it.next, it.storage.entries, it.storage.files.size]).toEqual(['', [], 0]);
  });

  test('shows how far each file is', () => {
    const it = new Sending();
    it.compose('a', file('f'), file('g'));
    it.answer(form('u1'));
    it.feed({ type: 'progress', key: 'f', part: 0.25 });
    const { files, status } = it.room.pending[0] ?? {};
    expect([status, files?.map(({ name, part }) => [name, part])]).toEqual([
      'sending',
      [
        ['f.png', 0.25],
        ['g.png', 0],
      ],
    ]);
    it.answer();
    expect(it.room.pending[0]?.files[0]?.part).toBe(1);
  });

  test('keeps the order of the room, and of no other', () => {
    const it = new Sending();
    it.compose('a', file('f'));
    it.compose('b');
    it.refuse(unreachable());
    expect(it.asked).toEqual([]);
    it.feed({ type: 'compose', message: { roomId: 'elsewhere', text: 'x', clientMessageId: 'c' } });
    expect(it.next).toBe('send c with undefined');
  });

  test('is posted once more by the same form where the answer is lost, also after a reload', () => {
    let it = new Sending();
    it.compose('a', file('f'));
    it.answer(form('u1'));
    it.refuse(unreachable());
    it.due();
    expect(it.next).toBe('post f by u1');
    it = it.reloaded();
    expect(it.next).toBe('post f by u1');
    it.answer();
    it = it.reloaded();
    expect(it.next).toBe('send a with u1');
  });

  test('is posted by another form where that has ended', () => {
    let it = new Sending();
    it.compose('a', file('f'));
    it.answer(form('u1'));
    it = it.reloaded();
    it.refuse(http(403));
    expect(it.next).toBe('createUpload');
    it.answer(form('u2'));
    expect(it.next).toBe('post f by u2');
  });

  test('asks for another form at once where the server’s clock is known and that has ended', () => {
    let it = new Sending();
    it.compose('a', file('f'));
    it.answer(form('u1', new Date(START - 1_000).toISOString()));
    expect(it.next).toBe('post f by u1'); // it was given just now, whatever the clock says
    it = new Sending();
    it.feed({
      type: 'shared',
      field: 'heartbeat',
      variables: {},
      value: { at: new Date(START).toISOString(), everySeconds: 30, rooms: [] },
    });
    it.compose('b', { ...file('g'), upload: form('u2', new Date(START - 1_000).toISOString()) });
    expect(it.next).toBe('createUpload');
  });

  test('is sent with the same ids until the server says that it has them no more, and then with others', () => {
    let it = new Sending();
    it.compose('a', file('f'));
    it.answer(form('u1'));
    it.answer();
    it.refuse(unreachable());
    it = it.reloaded();
    expect(it.next).toBe('send a with u1');
    it.refuse(ENDED);
    it.answer(form('u2'));
    it.answer();
    expect(it.next).toBe('send a with u2');
    it.refuse(ENDED);
    expect(it.room.drafts).toMatchObject([{ clientMessageId: 'a', refusal: ENDED }]);
  });

  test.each([
    ['too large', parseRefusal('InvalidInput', 'No. [code=InvalidInput argument=size]')],
    [
      'of a type that is not taken',
      parseRefusal('InvalidInput', 'No. [code=InvalidInput argument=contentType]'),
    ],
    ['not wanted at all', parseRefusal('NotAllowed', 'No. [code=NotAllowed reason=attachmentsOff]')],
  ])('is a draft with its files where one is %s, and the next one goes', (_, refusal) => {
    let it = new Sending();
    it.compose('a', file('f'), file('g'));
    it.compose('b');
    it.refuse(refusal);
    expect(it.next).toBe('send b with undefined');
    it = it.reloaded();
    expect(it.room.drafts).toMatchObject([{ refusal, files: [{ key: 'f' }, { key: 'g' }] }]);
    expect([...it.storage.files]).toEqual(['f', 'g']);
  });

  test('is a draft where a form that was given just now is refused twice, or the file is gone', () => {
    for (const refusals of [[http(403), http(403)], [missingFile()]]) {
      const it = new Sending();
      it.compose('a', file('f'));
      for (const [n, refusal] of refusals.entries()) {
        it.answer(form(`u${n}`));
        it.refuse(refusal);
      }
      expect(it.room.drafts).toMatchObject([{ clientMessageId: 'a', refusal: refusals[0] }]);
    }
  });

  test('goes again out of a draft with its files, or with others in their place', () => {
    const it = new Sending();
    it.compose('a', file('f'), file('g'));
    it.refuse(ENDED);
    it.feed({ type: 'retry', clientMessageId: 'a', newId: 'b' });
    expect([...it.storage.files]).toEqual(['f', 'g']);
    it.refuse(ENDED);
    it.feed({ type: 'retry', clientMessageId: 'b', newId: 'c', files: [file('g')] });
    expect([it.next, [...it.storage.files]]).toEqual(['createUpload', ['g']]);
    it.answer(form('u1'));
    it.answer();
    expect(it.next).toBe('send c with u1');
  });

  test('waits for a rate and a mute as others do', () => {
    const it = new Sending();
    it.compose('a', file('f'));
    const refusal = parseRefusal('RateLimited', 'No. [code=RateLimited retryAfterMs=900 scope=uploads]');
    it.refuse(refusal);
    expect(it.room.pending).toMatchObject([{ status: 'waiting', refusal }]);
    it.due();
    expect(it.next).toBe('createUpload');
  });
});

test('of two tabs that bring the same message the one that is late changes nothing', () => {
  const entry: StoredEntry = {
    roomId: ROOM,
    text: 'x',
    clientMessageId: 'a',
    version: 1,
    n: 1,
    isDurable: true,
    files: [{ ...file('f'), upload: form('u1'), isPosted: true }],
  };
  const tried = revised(entry, { kind: 'try', by: 'a' });
  expect(tried?.isTried).toBe(true);
  const late = { kind: 'files', files: [{ ...file('f'), upload: form('u2') }] } as const;
  expect(tried && revised(tried, late)).toEqual(tried);
  const early = revised(entry, late);
  expect(early && revised(early, { kind: 'try', by: 'a' })).toEqual(early); // its file is not there yet
});

describe('a client', () => {
  const running: ChatClient[] = [];
  afterEach(() => {
    for (const client of running.splice(0)) client.stop();
    vi.unstubAllGlobals();
  });
  const until = (what: () => void) => vi.waitFor(what, { timeout: 5_000, interval: 5 });

  function started(server: ModelServer, storage: OutboxStorage) {
    const transport = new ModelTransport(server, 'me');
    const client = new ChatClient({ userId: 'me', transport, storage });
    running.push(client);
    client.start();
    client.open(ROOM);
    return { client, transport };
  }

  /** S3, as far as a form is concerned. Each of the first posts fails as `fates` say. */
  function bucket(server: ModelServer, ...fates: ('lost' | 'unanswered')[]) {
    const posted: string[] = [];
    vi.stubGlobal('fetch', async (url: string, { body }: { body: FormData }) => {
      const fate = fates.shift();
      if (fate === 'lost') throw new TypeError('no network');
      const sent = body.get('file') as File;
      const status = server.uploads.post(String(body.get('key')), await sent.text(), server.now);
      posted.push(`${url} ${sent.name} ${status}`);
      if (fate === 'unanswered') throw new TypeError('no answer');
      return { status };
    });
    return posted;
  }

  test('stores files with the message while there is no link, and sends both after a reload', async () => {
    const server = new ModelServer();
    const room = server.room(ROOM, 'me');
    const posted = bucket(server);
    const indexedDB = new IDBFactory();
    const before = started(server, indexedDbStorage({ userId: 'me', indexedDB }));
    before.transport.cut();
    before.client.send(ROOM, 'see', { files: [new File(['abc'], 'a.txt', { type: 'text/plain' })] });
    await until(() => expect(before.client.getRoom(ROOM).pending).toHaveLength(1));
    const [pending] = before.client.getRoom(ROOM).pending;
    expect(pending).toMatchObject({ isDurable: true, files: [{ name: 'a.txt', size: 3, part: 0 }] });
    expect(await (await before.client.file(pending?.files[0]?.key ?? ''))?.text()).toBe('abc');
    before.client.stop();
    const { client } = started(server, indexedDbStorage({ userId: 'me', indexedDB }));
    await until(() =>
      expect(room.messages).toMatchObject([{ text: 'see', attachments: [{ name: 'a.txt' }] }]),
    );
    expect(posted).toEqual(['https://files.test/u1 a.txt 204']);
    expect(server.uploads.content('u1')).toBe('abc');
    await until(() => expect(client.getRoom(ROOM).pending).toEqual([]));
  });

  test('posts once more what was lost on the way, and sends once', async () => {
    const server = new ModelServer();
    const room = server.room(ROOM, 'me');
    const posted = bucket(server, 'lost', 'unanswered');
    const { client } = started(server, indexedDbStorage({ userId: 'me', indexedDB: new IDBFactory() }));
    client.send(ROOM, 'see', { files: [new File(['abc'], 'a.txt')] });
    await until(() => expect(room.messages).toHaveLength(1));
    expect(posted).toEqual(['https://files.test/u1 a.txt 204', 'https://files.test/u1 a.txt 204']);
  });

  test('gives a message back whose file is refused, with the file', async () => {
    const server = new ModelServer();
    const room = server.room(ROOM, 'me');
    bucket(server);
    const { client } = started(server, indexedDbStorage({ userId: 'me', indexedDB: new IDBFactory() }));
    const id = client.send(ROOM, 'see', { files: [new File(['x'.repeat(2_000)], 'large.txt')] });
    await until(() => expect(client.getRoom(ROOM).drafts).toMatchObject([{ clientMessageId: id }]));
    const key = client.getRoom(ROOM).drafts[0]?.files[0]?.key ?? '';
    expect((await client.file(key))?.size).toBe(2_000);
    client.retry(id, 'smaller', [new File(['y'], 'small.txt')]);
    await until(() => expect(room.messages).toMatchObject([{ attachments: [{ name: 'small.txt' }] }]));
    expect(await client.file(key)).toBeNull();
  });
});

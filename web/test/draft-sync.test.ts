import type { Draft } from '@appsync-chat/client';
import { describe, expect, test } from 'vitest';
import { type DraftCalls, DraftSync } from '../src/composer/draft-sync.ts';

/** The server's drafts, as several devices of one person share them; time passes when it is told to. */
class Server {
  readonly drafts = new Map<string, { text: string | null; rev: number }>();
  saves = 0;
  isDown = false;
  /** Whether `drafts` answers, with what there was when it was asked, only once it is told to. */
  isSlow = false;
  answer = () => {};
  #now = 0;
  #timers: { at: number; then: () => void }[] = [];

  calls(): DraftCalls {
    return {
      drafts: async () => {
        if (this.isDown) throw new Error('down');
        const items = [...this.drafts].filter(([, { text }]) => text !== null);
        const page = { items: items.map(([roomId, draft]) => ({ roomId, ...draft })), nextToken: null };
        if (this.isSlow)
          await new Promise<void>((resolve) => {
            this.answer = resolve;
          });
        return page;
      },
      save: async (roomId, text, rev) => {
        if (this.isDown) throw new Error('down');
        this.saves += 1;
        const held = this.drafts.get(roomId);
        if (held && held.rev > (rev ?? 0)) return { roomId, ...held, saved: false } as Draft;
        const next = { text, rev: (held?.rev ?? 0) + 1 };
        this.drafts.set(roomId, next);
        return { roomId, ...next, saved: true } as Draft;
      },
      later: (afterMs, then) => {
        this.#timers.push({ at: this.#now + afterMs, then });
      },
      now: () => this.#now,
    };
  }

  async pass(ms: number): Promise<void> {
    for (const until = this.#now + ms; this.#now < until; ) {
      this.#now = Math.min(until, ...this.#timers.map(({ at }) => Math.max(at, this.#now + 1)));
      const due = this.#timers.filter(({ at }) => at <= this.#now);
      this.#timers = this.#timers.filter(({ at }) => at > this.#now);
      for (const { then } of due) then();
      for (let n = 0; n < 10; n += 1) await Promise.resolve();
    }
  }
}

class Device {
  readonly sync: DraftSync;
  words: string;
  base: string;

  constructor(server: Server, words = '', base = '') {
    this.words = words;
    this.base = base;
    this.sync = new DraftSync(server.calls());
    this.open();
  }

  /** A composer shows it. Returns how to end that. */
  open(): () => void {
    return this.sync.open('lobby', this.words, this.base, (saved, isTaken) => {
      this.base = saved;
      if (isTaken) this.words = saved;
    });
  }

  write(words: string): void {
    this.words = words;
    this.sync.write('lobby', words);
  }
}

const pair = () => {
  const server = new Server();
  return { server, phone: new Device(server), desk: new Device(server) };
};

describe('drafts of one person on two devices', () => {
  test('what was begun on one is there on the other, and is saved at most every second and a half', async () => {
    const { server, phone, desk } = pair();
    for (const words of ['h', 'he', 'hel', 'hello']) phone.write(words);
    await server.pass(10_000);
    expect([server.drafts.get('lobby')?.text, server.saves]).toEqual(['hello', 1]);
    await desk.sync.read();
    expect(desk.words).toBe('hello');
    await server.pass(60_000);
    expect(server.saves).toBe(1); // taking over is no writing
  });

  test('a draft that was sent is gone on both', async () => {
    const { server, phone, desk } = pair();
    phone.write('hello');
    await server.pass(2_000);
    await desk.sync.read();
    phone.write('');
    await server.pass(2_000);
    await server.pass(30_000);
    await desk.sync.read();
    expect([server.drafts.get('lobby')?.text, desk.words]).toEqual([null, '']);
  });

  test('whoever writes wins, and the other takes that over', async () => {
    const { server, phone, desk } = pair();
    phone.write('from the phone');
    await server.pass(5_000);
    desk.write('from the desk'); // it has not read the other
    await server.pass(10_000);
    expect(server.drafts.get('lobby')?.text).toBe('from the desk');
    await server.pass(30_000);
    await phone.sync.read();
    expect(phone.words).toBe('from the desk');
  });

  test('what is being written is not taken away by what comes', async () => {
    const { server, phone, desk } = pair();
    phone.write('from the phone');
    await server.pass(5_000);
    desk.write('from the desk');
    await desk.sync.read();
    expect(desk.words).toBe('from the desk');
  });

  test('a page that is loaded anew knows whether its words were saved', async () => {
    const { server, phone, desk } = pair();
    phone.write('hello');
    await server.pass(5_000);
    desk.write('hello you');
    await server.pass(10_000);
    const again = new Device(server, phone.words, phone.base);
    await again.sync.read();
    expect(again.words).toBe('hello you');

    again.write('hello you, not saved yet');
    const third = new Device(server, again.words, again.base);
    await third.sync.read();
    await server.pass(10_000);
    expect([third.words, server.drafts.get('lobby')?.text]).toEqual(
      Array(2).fill('hello you, not saved yet'),
    );
  });

  test('what was sent just before the page was loaded anew does not come back', async () => {
    const { server, phone } = pair();
    phone.write('hello');
    await server.pass(5_000);
    const again = new Device(server, '', phone.base); // sent, and nothing of that was saved yet
    await again.sync.read();
    await server.pass(5_000);
    expect([again.words, again.base, server.drafts.get('lobby')?.text]).toEqual(['', '', null]);
  });

  test('a composer that comes after the last words were saved knows that they were', async () => {
    const { server, phone } = pair();
    phone.write('hello');
    await server.pass(5_000);
    phone.write('');
    const [words, base] = [phone.words, phone.base];
    const close = phone.open(); // shown by another composer meanwhile, which is gone when it is saved
    close();
    await server.pass(5_000);
    [phone.words, phone.base] = [words, base];
    phone.open();
    expect([phone.words, phone.base]).toEqual(['', '']);
  });

  test('what was read before the last words were saved does not take their place', async () => {
    const { server, phone } = pair();
    phone.write('hello');
    await server.pass(5_000);
    phone.write('');
    server.isSlow = true;
    const reading = phone.sync.read();
    await server.pass(5_000);
    server.answer();
    await reading;
    expect([phone.words, phone.base]).toEqual(['', '']);
  });

  test('without a link it is saved later, and the last words count', async () => {
    const { server, phone } = pair();
    server.isDown = true;
    phone.write('a');
    await server.pass(5_000);
    phone.write('ab');
    server.isDown = false;
    await server.pass(60_000);
    expect(server.drafts.get('lobby')?.text).toBe('ab');
  });

  test('a failed read is tried again the next time, a good one not within half a minute', async () => {
    const { server, phone, desk } = pair();
    phone.write('a');
    await server.pass(5_000);
    server.isDown = true;
    await desk.sync.read();
    server.isDown = false;
    await desk.sync.read();
    expect(desk.words).toBe('a');
    phone.write('b');
    await server.pass(5_000);
    await desk.sync.read();
    expect(desk.words).toBe('a');
    await server.pass(30_000);
    await desk.sync.read();
    expect(desk.words).toBe('b');
  });
});

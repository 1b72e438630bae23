// The examples do what they say, with the real functions behind them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { By, until as condition, Key } from 'selenium-webdriver';
import { describe, expect, test } from 'vitest';
import { appsync } from '../../src/transports/appsync.ts';
import { sendMessageOperation } from '../../src/wire/generated/operations.ts';
import { API, made, OTHER, OWNER, PAGE_PORT, TOKENS, textsOf, tokenOf } from '../real.ts';
import { Browser } from './browser.ts';
import { bundled, served } from './server.ts';
import { until } from './support.ts';

const example = (path: string) => new URL(`../../examples/${path}`, import.meta.url);
const say = (roomId: string, text: string) =>
  appsync({ url: API, getToken: tokenOf(OTHER) }).call(sendMessageOperation, {
    roomId,
    text,
    clientMessageId: text.replace(/\W/g, '-'),
  });

describe.skipIf(!API)('the example', () => {
  test('node-bot answers', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chat-bot-'));
    const program = join(folder, 'bot.cjs');
    writeFileSync(program, await bundled(example('node-bot/bot.ts'), 'node'));
    const roomId = await made();
    const settings = { CHAT_URL: API, CHAT_TOKEN: TOKENS[OWNER], CHAT_USER: OWNER, CHAT_ROOM: roomId };
    await say(roomId, 'before');
    const bot = spawn(process.execPath, [program], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(bot.stdout, 'data'); // it is live
      await say(roomId, '!ping');
      await until(async () => expect(await textsOf(roomId)).toEqual(['before', '!ping', 'pong']));
    } finally {
      bot.kill();
      await once(bot, 'exit');
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['browser', 'browser/main.ts'],
    ['react', 'react/main.tsx'],
  ])('%s shows a room, and sends', { timeout: 120_000 }, async (name, entry) => {
    const site = await served(PAGE_PORT, example(entry), readFileSync(example(`${name}/index.html`), 'utf8'));
    const browser = new Browser('chromium');
    try {
      await browser.start();
      const { driver } = browser;
      const roomId = await made();
      await say(roomId, 'hello');
      const settings = { url: API, room: roomId, user: OWNER, token: TOKENS[OWNER] ?? '' };
      await driver.get(`${site.url}?${new URLSearchParams(settings)}`);
      const status = await driver.wait(condition.elementLocated(By.id('status')), 30_000);
      await driver.wait(condition.elementTextIs(status, 'live'), 30_000);
      await driver.findElement(By.id('text')).sendKeys('hello yourself', Key.ENTER);
      const lines = async () =>
        driver.executeScript(
          `return [...document.querySelectorAll('li')].map((line) => [line.className, line.textContent])`,
        );
      const shown = [
        ['theirs', 'hello'],
        ['mine', 'hello yourself'],
      ];
      await until(async () => expect(await lines()).toEqual(shown));
      expect(await textsOf(roomId)).toEqual(['hello', 'hello yourself']);
    } finally {
      await browser.end();
      site.close();
    }
  });
});

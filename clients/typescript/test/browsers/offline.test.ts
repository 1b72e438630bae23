// Two tabs of one person whose link is cut: they write, one is loaded anew, and the link comes back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { API, GATEWAY, made, PAGE_PORT, SEED, textsOf } from '../real.ts';
import { Browser } from './browser.ts';
import { Link, served } from './server.ts';
import { BROWSERS, given, until, WAYS, type Way } from './support.ts';

const CUT_MS = 3_000;

describe.skipIf(!API)('two tabs without a link', () => {
  let site: Awaited<ReturnType<typeof served>>;
  let api: Link;
  let gateway: Link;
  const browsers: Browser[] = [];

  beforeAll(async () => {
    site = await served(PAGE_PORT);
    [api, gateway] = [await Link.to(API), await Link.to(GATEWAY)];
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.end();
    for (const one of [site, api, gateway]) one.close();
  });

  const live = (browser: Browser) =>
    until(async () => expect((await browser.ask('state')).status).toBe('live'));

  /** Send, and wait until it is shown: what is sent next, here or in the other tab, was composed later. */
  async function compose(browser: Browser, texts: readonly string[]): Promise<void> {
    await browser.ask('compose', texts, []);
    await until(async () => expect(await browser.ask('shown')).toEqual(expect.arrayContaining([...texts])));
  }

  async function history(browser: Browser, way: Way): Promise<void> {
    const { driver } = browser;
    const roomId = await made();
    const page = given(way, roomId, undefined, api.url, gateway.url);
    const tab = await driver.getWindowHandle();
    await browser.open(site.url, page);
    await live(browser);
    await driver.switchTo().newWindow('tab');
    const other = await driver.getWindowHandle();
    await browser.open(site.url, page);
    await live(browser);

    for (const link of [api, gateway]) link.cut();
    const cutAt = performance.now();
    const sent = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `m ${from + n}`);
    await compose(browser, sent(0, 4));
    await driver.switchTo().window(tab);
    await compose(browser, sent(4, 9));
    await driver.navigate().refresh();
    await driver.wait(() => driver.executeScript('return Boolean(window.page)'), 30_000);
    await compose(browser, sent(9, 14));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, CUT_MS - (performance.now() - cutAt))));
    expect(await textsOf(roomId)).toEqual([]);

    for (const link of [api, gateway]) link.mend();
    const mendedAt = performance.now();
    await until(async () => expect(await textsOf(roomId)).toHaveLength(14));
    const storedMs = performance.now() - mendedAt;
    for (const one of [tab, other]) {
      await driver.switchTo().window(one);
      await until(async () => {
        const { pending, messages } = await browser.ask('state');
        expect({ pending, messages }).toEqual({ pending: [], messages: sent(0, 14) });
      });
    }
    const shownMs = performance.now() - mendedAt;
    expect(await textsOf(roomId)).toEqual(sent(0, 14)); // once, in order
    console.log(
      `${browser.name}, ${way}: 14 messages of two tabs and a reload, link cut for ${(mendedAt - cutAt).toFixed(0)} ms: ` +
        `stored ${storedMs.toFixed(0)} ms after it was back, shown in both tabs ${shownMs.toFixed(0)} ms; seed ${SEED}`,
    );
    await driver.close();
    await driver.switchTo().window(tab);
  }

  test.each(BROWSERS)('%s stores all once and in order', { timeout: 300_000 }, async (name) => {
    const browser = new Browser(name);
    browsers.push(browser);
    await browser.start();
    for (const way of WAYS) await history(browser, way);
    await browser.end();
  });
});

// What `isDurable` says is true: with it what waits is there after a reload, and without it is not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { API, GATEWAY, made, PAGE_PORT, textsOf } from '../real.ts';
import { Browser, type Mode } from './browser.ts';
import { Link, served } from './server.ts';
import { BROWSERS, given, until } from './support.ts';

const MODES: readonly [Mode, boolean][] = [
  ['usual', true],
  ['private', true], // it lasts as long as the private window, as both browsers have it
  ['blocked', false],
];
const CASES = BROWSERS.flatMap((name) => MODES.map(([mode, isDurable]) => [name, mode, isDurable] as const));

describe.skipIf(!API)('a browser whose storage is', () => {
  let site: Awaited<ReturnType<typeof served>>;
  let link: Link;
  let roomId = '';
  const browsers: Browser[] = [];

  beforeAll(async () => {
    site = await served(PAGE_PORT);
    link = await Link.to(API);
    roomId = await made(); // one for all: a person may make ten at once, and one a minute
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.end();
    for (const one of [site, link]) one.close();
  });

  test.each(CASES)('%s, %s: isDurable is %s', { timeout: 120_000 }, async (name, mode, isDurable) => {
    const browser = new Browser(name, mode);
    browsers.push(browser);
    await browser.start();
    const [before, after] = [`before, ${name}, ${mode}`, `after, ${name}, ${mode}`];
    link.cut();
    await browser.open(site.url, given('appsync', roomId, undefined, link.url, GATEWAY));
    await browser.ask('compose', [before], []);
    await until(async () => {
      const { pending, isDurable: said } = await browser.ask('state');
      expect({ pending, said }).toEqual({ pending: [before], said: isDurable });
    });
    await browser.driver.navigate().refresh();
    await browser.driver.wait(() => browser.driver.executeScript('return Boolean(window.page)'), 30_000);
    await browser.ask('compose', [after], []); // once this is shown, what was kept has been read
    const kept = isDurable ? [before, after] : [after];
    const ours = async () => (await textsOf(roomId)).filter((text) => text.endsWith(`${name}, ${mode}`));
    await until(async () => expect((await browser.ask('state')).pending).toEqual(kept));
    link.mend();
    await until(async () => expect(await ours()).toEqual(kept));
    await browser.end();
  });
});

// Browsers that are killed in the middle of a drain: KILLS says how often each. A kill counts where a message that was shown
// was not stored yet.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { seeded } from '../model/random.ts';
import { API, made, PAGE_PORT, SEED, textsOf } from '../real.ts';
import { Browser } from './browser.ts';
import { served } from './server.ts';
import { BROWSERS, given, until, WAYS } from './support.ts';

const KILLS = Number(process.env.KILLS ?? 5);
const MOST = 24;
/** How long everything that the kills have left may take to be sent, on a loaded machine. */
const DRAIN_MS = 900_000;

describe.skipIf(!API)('a browser that is killed', () => {
  let site: Awaited<ReturnType<typeof served>>;
  const browsers: Browser[] = [];

  beforeAll(async () => {
    site = await served(PAGE_PORT);
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.end();
    site.close();
  });

  test.each(BROWSERS)('%s has everything stored once and in order', { timeout: 3_000_000 }, async (name) => {
    const random = seeded(SEED);
    const below = (most: number) => Math.floor(random() * most);
    const roomId = await made();
    const browser = new Browser(name);
    browsers.push(browser);
    const composed: string[] = [];
    const shown = new Set<string>();
    let waiting = 0;
    let inDrain = 0;
    let kill = 0;
    const began = performance.now();
    for (; inDrain < KILLS && kill < 2 * KILLS + 5; kill += 1) {
      await browser.start();
      await browser.open(site.url, given(WAYS[kill % 2] ?? 'appsync', roomId));
      const texts = Array.from({ length: 8 + below(MOST - 8) }, (_, n) => `${kill}/${n}`);
      composed.push(...texts);
      const pauses = texts.map(() => below(12));
      const afterMs = below(300);
      await browser.ask('compose', texts, pauses);
      await until(async () => expect(await browser.ask('shown')).toContain(texts[0]));
      await new Promise((resolve) => setTimeout(resolve, afterMs)); // any moment, by the seed
      for (const text of await browser.ask('shown')) shown.add(text);
      await browser.kill();
      const stored = await textsOf(roomId);
      const left = [...shown].filter((text) => !stored.includes(text)).length;
      waiting += left;
      if (left > 0) inDrain += 1;
    }
    await browser.start();
    await browser.open(site.url, given('appsync', roomId));
    await until(async () => {
      const { pending, status } = await browser.ask('state');
      expect({ pending, status }).toEqual({ pending: [], status: 'live' });
    }, DRAIN_MS);
    const texts = await textsOf(roomId);
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(
      `${name}: seed ${SEED}, ${inDrain} kills in a drain of ${kill}, with ${(waiting / inDrain).toFixed(1)} shown messages ` +
        `not stored yet; ${composed.length} composed, ${shown.size} shown before a kill, ${texts.length} stored; ${seconds} s`,
    );
    expect(inDrain).toBe(KILLS);
    expect(new Set(texts).size).toBe(texts.length); // once
    expect(texts).toEqual(composed.filter((text) => texts.includes(text))); // in order
    expect([...shown].filter((text) => !texts.includes(text))).toEqual([]); // and all that was shown
    await browser.end();
  });
});

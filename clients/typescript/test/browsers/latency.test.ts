// From a person's sending in one browser to the other browser's page, by the clocks in the pages: both are this machine's.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { seeded } from '../model/random.ts';
import { API, made, OTHER, OWNER, PAGE_PORT, SEED } from '../real.ts';
import { Browser } from './browser.ts';
import { served } from './server.ts';
import { given, quantile, until, WAYS } from './support.ts';

const MESSAGES = 60;
/** What a loaded machine may take: the figure that counts is printed. */
const MOST_MS = Number(process.env.MOST_MS ?? 1_000);

describe.skipIf(!API)('what one sends in a browser', () => {
  let site: Awaited<ReturnType<typeof served>>;
  const [chromium, firefox] = [new Browser('chromium'), new Browser('firefox')];

  beforeAll(async () => {
    site = await served(PAGE_PORT);
    await Promise.all([chromium.start(), firefox.start()]);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([chromium.end(), firefox.end()]);
    site.close();
  });

  test.each(WAYS)('is soon in the other, over %s', { timeout: 120_000 }, async (way) => {
    const random = seeded(SEED);
    const roomId = await made();
    await chromium.open(site.url, given(way, roomId, OWNER));
    await firefox.open(site.url, given(way, roomId, OTHER));
    for (const browser of [chromium, firefox])
      await until(async () => expect((await browser.ask('state')).status).toBe('live'));
    for (const [from, to] of [
      [chromium, firefox],
      [firefox, chromium],
    ] as const) {
      const texts = Array.from({ length: MESSAGES }, (_, n) => `${from.name} ${n}`);
      await from.ask(
        'compose',
        texts,
        texts.map(() => 100 + random() * 100),
      );
      await new Promise((resolve) => setTimeout(resolve, MESSAGES * 150)); // asking the pages would slow them
      await until(async () =>
        expect((await to.ask('state')).messages).toEqual(expect.arrayContaining(texts)),
      );
      const [{ sent }, { seen }] = [await from.ask('times'), await to.ask('times')];
      const delays = texts.map((text) => (seen[text] ?? Number.NaN) - (sent[text] ?? Number.NaN));
      const p95 = quantile(delays, 0.95);
      console.log(
        `${way}: ${from.name} to ${to.name}, ${MESSAGES} messages: p50 ${quantile(delays, 0.5).toFixed(0)} ms, ` +
          `p95 ${p95.toFixed(0)} ms; seed ${SEED}`,
      );
      expect(p95).toBeLessThan(MOST_MS);
    }
  });
});

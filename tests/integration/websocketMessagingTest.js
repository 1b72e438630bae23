// The page in browsers, as people use it. PAGE_URL: where the simulator serves it; FULL=1: every journey; BROWSERS:
// chromium,firefox; SELENIUM_URL: a Grid in the place of this machine's drivers; ONLY: a part of a journey's name.
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ACCESSIBLE, ACCESSIBLE_SMOKE } from './accessible.js';
import { BUSY } from './busy.js';
import { keepScreenshots, NAMES, startBrowser } from './browser.js';
import { DEEP } from './deep.js';
import { DEVICES } from './devices.js';
import { ERASED } from './erased.js';
import { EXPLORER } from './explorer.js';
import { FILES } from './files.js';
import { HOSTILE } from './hostile.js';
import { ISSUER } from './issuer.js';
import { JOURNEYS as OTHERS } from './journeys.js';
import { NARROW } from './narrow.js';
import { SMOKE } from './smoke.js';
import { assertHarmless } from './watch.js';
import { Person } from './person.js';

const { PAGE_URL: url, FULL, ONLY = '' } = process.env;
const LIMIT_MS = 300_000;
const JOURNEYS = FULL
  ? { ...SMOKE, ...OTHERS, ...DEVICES, ...ISSUER, ...FILES, ...ERASED, ...EXPLORER, ...NARROW, ...ACCESSIBLE, ...HOSTILE, ...DEEP, ...BUSY }
  : { ...SMOKE, ...ACCESSIBLE_SMOKE };
let count = 0;
/** A name that no other journey of this run, or of another one on the same data, has. */
const run = randomBytes(3).toString('hex');
const unique = (name) => `${name}-${run}${(count += 1)}`;

async function closeOthers(driver, kept) {
  for (const handle of await driver.getAllWindowHandles()) {
    if (handle === kept) continue;
    await driver.switchTo().window(handle);
    await assertHarmless(new Person(driver, handle, url));
    await driver.close();
  }
  await driver.switchTo().window(kept);
}

function journeysIn(name) {
  let browser;
  let first;
  before(async () => {
    browser = await startBrowser(name);
    first = await browser.driver.getWindowHandle();
  });
  after(() => browser?.end());
  for (const [title, journey] of Object.entries(JOURNEYS)) {
    if (!title.includes(ONLY)) continue;
    test(title, { timeout: LIMIT_MS }, async () => {
      try {
        await journey({ browser, url, unique });
        await closeOthers(browser.driver, first);
      } catch (error) {
        await keepScreenshots(browser, title);
        for (const handle of await browser.driver.getAllWindowHandles()) {
          if (handle === first) continue;
          await browser.driver.switchTo().window(handle);
          await browser.driver.close();
        }
        await browser.driver.switchTo().window(first);
        throw error;
      }
    });
  }
}

if (!url) throw new Error('PAGE_URL is missing: make test-web sets it');
describe('the page', { concurrency: NAMES.length }, () => {
  for (const name of NAMES) describe(name, { concurrency: 1 }, () => journeysIn(name));
});

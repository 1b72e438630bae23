// A browser of this machine or of a Grid, and what is kept of it where a journey fails.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Builder, Capabilities } from 'selenium-webdriver';
import chrome from 'selenium-webdriver/chrome.js';
import firefox from 'selenium-webdriver/firefox.js';

const { env } = process;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUIET = [
  ...['headless', 'no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking'],
  ...['disable-component-update', 'disable-sync', 'disable-background-timer-throttling', 'disable-dev-shm-usage'],
  ...['disable-backgrounding-occluded-windows', 'disable-renderer-backgrounding', 'window-size=1280,900', 'lang=en'],
];

export const NAMES = (env.BROWSERS || 'chromium,firefox').split(',');

const BUILDERS = {
  chromium: (profile) =>
    new Builder()
      .withCapabilities(
        new Capabilities({
          browserName: 'chrome',
          webSocketUrl: true,
          'goog:chromeOptions': {
            ...(env.SELENIUM_URL ? {} : { binary: env.CHROMIUM || '/usr/bin/chromium' }),
            args: [...QUIET.map((each) => `--${each}`), ...(env.SELENIUM_URL ? [] : [`--user-data-dir=${profile}`])],
          },
        }),
      )
      .setChromeService(new chrome.ServiceBuilder(env.CHROMEDRIVER || '/usr/bin/chromedriver')),
  firefox: () =>
    new Builder()
      .withCapabilities(
        new Capabilities({
          browserName: 'firefox',
          webSocketUrl: true,
          'moz:firefoxOptions': {
            ...(env.SELENIUM_URL ? {} : { binary: env.FIREFOX || '/usr/bin/firefox-esr' }),
            args: ['-headless', '--width=1280', '--height=900'],
            prefs: { 'intl.accept_languages': 'en', 'dom.min_background_timeout_value': 4, 'devtools.jsonview.enabled': false },
          },
        }),
      )
      .setFirefoxService(
        new firefox.ServiceBuilder(env.GECKODRIVER || join(ROOT, '.cache/geckodriver/geckodriver')),
      ),
};

/** Starts it. `end` ends it, and forgets its profile. */
export async function startBrowser(name) {
  if (!BUILDERS[name]) throw new Error(`BROWSERS: there is no ${name}, but ${Object.keys(BUILDERS)}`);
  const profile = mkdtempSync(join(tmpdir(), `page-${name}-`));
  const builder = BUILDERS[name](profile);
  if (env.SELENIUM_URL) builder.usingServer(env.SELENIUM_URL);
  const driver = await builder.build();
  await driver.manage().setTimeouts({ script: 60_000, pageLoad: 60_000 });
  const end = async () => {
    await driver.quit().catch(() => {});
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { name, driver, end };
}

/** What each window shows, in build/screenshots/. */
export async function keepScreenshots({ name, driver }, journey) {
  const folder = join(ROOT, 'build/screenshots');
  mkdirSync(folder, { recursive: true });
  for (const [index, handle] of (await driver.getAllWindowHandles()).entries()) {
    await driver.switchTo().window(handle);
    const file = `${name}-${journey.replace(/\W+/g, '-')}-${index}.png`;
    writeFileSync(join(folder, file), await driver.takeScreenshot(), 'base64');
  }
}

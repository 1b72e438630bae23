// Browsers with their drivers: this machine's own, or with SELENIUM_URL those of a Selenium Grid.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Builder } from 'selenium-webdriver';
import chrome from 'selenium-webdriver/chrome.js';
import firefox from 'selenium-webdriver/firefox.js';

const { env } = process;
const GECKODRIVER = fileURLToPath(new URL('../../.cache/geckodriver/geckodriver', import.meta.url));
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--window-size=1280,900',
];

/** Which browsers are tried: BROWSERS=chromium,firefox. */
export const BROWSERS = (env.BROWSERS ?? 'chromium,firefox').split(',');

/** A browser with an empty profile. Returns its driver, and how to end it. */
export async function start(name) {
  const profile = mkdtempSync(join(tmpdir(), `chat-${name}-`));
  const builder = name === 'firefox' ? firefoxOf(profile) : chromiumOf(profile);
  if (env.SELENIUM_URL) builder.usingServer(env.SELENIUM_URL);
  const driver = await builder.build();
  await driver.manage().setTimeouts({ script: 60_000, pageLoad: 60_000 });
  const end = async () => {
    await driver.quit().catch(() => {});
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { driver, end };
}

function chromiumOf(profile) {
  const options = new chrome.Options();
  options.addArguments(...QUIET, `--user-data-dir=${profile}`);
  const builder = new Builder().forBrowser('chrome').setChromeOptions(options);
  if (env.SELENIUM_URL) return builder;
  options.setChromeBinaryPath(env.CHROMIUM || '/usr/bin/chromium');
  return builder.setChromeService(new chrome.ServiceBuilder(env.CHROMEDRIVER || '/usr/bin/chromedriver'));
}

function firefoxOf(profile) {
  const options = new firefox.Options().addArguments('-headless', '--width=1280', '--height=900');
  const builder = new Builder().forBrowser('firefox').setFirefoxOptions(options);
  if (env.SELENIUM_URL) return builder;
  options.addArguments('-profile', profile);
  options.setBinary(env.FIREFOX || '/usr/bin/firefox-esr');
  return builder.setFirefoxService(new firefox.ServiceBuilder(env.GECKODRIVER || GECKODRIVER));
}

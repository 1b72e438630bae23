// Lighthouse's figures of the page that PAGE_URL serves, signed out and in a room: `make prove-page`. How accessible it is, its
// practices and how much moves are held; how fast it is depends on the machine, and is printed beside its goal.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startFlow } from 'lighthouse';
import puppeteer from 'puppeteer-core';

const { PAGE_URL, CHROMIUM = '/usr/bin/chromium' } = process.env;
const HELD = { accessibility: 1, 'best-practices': 1 };
/** How much of what is seen moves while it loads (https://web.dev/articles/cls): it does not depend on the machine. */
const MOST_SHIFT = 0.05;
const GOALS = { performance: 0.95 };
const FIGURES = ['largest-contentful-paint', 'cumulative-layout-shift', 'total-blocking-time', 'total-byte-weight'];
const REPORTS = fileURLToPath(new URL('../../build/lighthouse/', import.meta.url));
const settings = { onlyCategories: [...Object.keys(HELD), ...Object.keys(GOALS)] };
const config = { extends: 'lighthouse:default', settings };
/** Whoever is signed in stays so. */
const SIGNED_IN = { extends: 'lighthouse:default', settings: { ...settings, disableStorageReset: true } };
const AS_IT_STANDS = { extends: 'lighthouse:default', settings: { onlyCategories: Object.keys(HELD) } };

async function measure(browser) {
  const page = await browser.newPage();
  const flow = await startFlow(page, { config, name: 'the page' });
  await flow.navigate(PAGE_URL, { name: 'signing in' });
  await page.locator('.sign-in button ::-p-text(alice)').click();
  await page.locator('.room-list a').click();
  await page.waitForSelector('#composer');
  const inRoom = await page.evaluate(() => location.href);
  await page.goto('about:blank');
  await flow.navigate(inRoom, { name: 'a room', config: SIGNED_IN });
  await page.waitForSelector('#composer');
  await flow.snapshot({ name: 'a room as it stands', config: AS_IT_STANDS });
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(`${REPORTS}report.html`, await flow.generateReport());
  return (await flow.createFlowResult()).steps;
}

/** A line for each step; what is not as it is held. */
function told({ name, lhr }) {
  if (lhr.runtimeError) return [`${name}: ${lhr.runtimeError.message}`];
  const scores = Object.values(lhr.categories).map(({ id, score }) => `${id} ${score}`);
  const figures = FIGURES.flatMap((id) => (lhr.audits[id]?.displayValue ? [`${id} ${lhr.audits[id].displayValue}`] : []));
  console.log(`${name}: ${scores.join(', ')}${figures.length ? `; ${figures.join(', ')}` : ''}`);
  const failed = Object.values(lhr.audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 1 && scoreDisplayMode !== 'informative');
  for (const { id, title, displayValue } of failed) console.log(`  ${id}: ${title} ${displayValue ?? ''}`);
  const low = Object.entries(HELD).filter(([id, least]) => lhr.categories[id] && lhr.categories[id].score < least).map(([id]) => `${name}: ${id}`);
  const shift = lhr.audits['cumulative-layout-shift']?.numericValue ?? 0;
  return shift > MOST_SHIFT ? [...low, `${name}: cumulative-layout-shift ${shift}`] : low;
}

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update', '--disable-sync'];
const browser = await puppeteer.launch({ executablePath: CHROMIUM, headless: true, args });
try {
  const wrong = (await measure(browser)).flatMap(told);
  for (const each of wrong) console.error(`below its goal: ${each}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  await browser.close();
}

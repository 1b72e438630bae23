// Small screens and large letters: nothing is cut off, and nothing has to be scrolled sideways. 320 px is what WCAG 1.4.10 asks
// (1,280 px at 400 %), 640 x 450 px is a window of 1,280 x 900 at 200 % (1.4.4), and texts may be spaced as 1.4.12 has them.
import assert from 'node:assert/strict';
import { STATES } from './accessible.js';
import { Person } from './person.js';

const SPACED = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }';
const VIEWPORTS = { '320 px': { width: 320, height: 640 }, '200 %': { width: 640, height: 450 } };

/** What is seen only in part: controls and texts of which no scrolling down brings the rest into view. */
const CUT = `
  const width = document.documentElement.clientWidth;
  const found = document.documentElement.scrollWidth > width ? ['the page is ' + document.documentElement.scrollWidth + ' px wide'] : [];
  const dialog = document.querySelector('dialog[open]');
  for (const each of (dialog ?? document).querySelectorAll('button, a[href], input, textarea, select, h1, h2, h3, p, label, .text, .sender')) {
    if (each.closest('.visually-hidden') || !each.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const { left, right, width: own } = each.getBoundingClientRect();
    if (own <= 1) continue;
    const drawer = each.closest('[inert], [aria-hidden=true]');
    if (!drawer && (left < -1 || right > width + 1)) found.push(each.tagName + '.' + each.className + ' ' + Math.round(left) + ' to ' + Math.round(right) + ': ' + each.textContent.slice(0, 30));
    if (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX === 'visible' && each.clientWidth > 0) found.push('more than its place: ' + each.tagName + '.' + each.className + ' ' + each.textContent.slice(0, 30));
    if (each.scrollHeight > each.clientHeight + 2 && getComputedStyle(each).overflowY === 'hidden' && each.clientHeight > 0) found.push('cut below: ' + each.tagName + '.' + each.className + ' ' + each.textContent.slice(0, 30));
  }
  return found;
`;

async function assertWhole(person, state) {
  assert.deepEqual(await person.script(CUT), [], `${state}: cut off`);
}

async function setViewport(person, viewport) {
  await person.here();
  const bidi = await person.driver.getBidi();
  const params = { context: person.handle, viewport };
  const { error, message } = await bidi.send({ method: 'browsingContext.setViewport', params });
  assert.equal(error, undefined, message);
  if (viewport) {
    await person.until('the new size', () => person.script('return innerWidth === arguments[0]', viewport.width));
  }
}

const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

/** A sheet that no content security policy forbids. */
const SPACE = `
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(arguments[0]);
  document.adoptedStyleSheets = [sheet];
`;

async function change(person, viewport, isSpaced) {
  await setViewport(person, viewport);
  if (isSpaced) await person.script(SPACE, SPACED);
}

const within = (viewport, locale, isSpaced = false) => async (given) => {
  const stranger = await Person.come(given.browser, given.url, { settings: { locale } });
  await stranger.find('.sign-in');
  await change(stranger, viewport, isSpaced);
  await assertWhole(stranger, 'signing in');
  const one = await Person.come(given.browser, given.url, { user: given.unique('ann'), settings: { locale } });
  const name = given.unique('room');
  await one.createRoom(name, [given.unique('other')]);
  await one.send(`hello ${LONG} https://example.org/${'a'.repeat(120)}`);
  await one.send(`\`${'code '.repeat(40)}\``);
  await one.until('both are stored', async () => (await one.texts({ stored: true })).length === 2);
  await change(one, viewport, isSpaced);
  await assertWhole(one, 'a room');
  for (const [state, [enter, leave, where]] of Object.entries(STATES)) {
    if (where === 'list') await one.script("location.hash = '#/'");
    await enter(one);
    await assertWhole(one, state);
    await leave(one);
    if (where === 'list') await one.enter(name);
  }
  await one.script("location.hash = '#/'");
  await one.find('.room-list');
  await assertWhole(one, 'the rooms');
};

const each = Object.entries(VIEWPORTS).flatMap(([size, viewport]) =>
  ['en', 'fr'].map((locale) => [`nothing is cut off at ${size} in ${locale}`, within(viewport, locale)]),
);

export const NARROW = {
  ...Object.fromEntries(each),
  'nothing is cut off at 320 px with spaced texts': within(VIEWPORTS['320 px'], 'en', true),
};

// axe-core in every named state of the page: no violation. The contrast is computed from the tokens elsewhere, because axe
// leaves it undecided.
import assert from 'node:assert/strict';
import axe from 'axe-core';
import { Key } from 'selenium-webdriver';
import { openLink } from './link.js';
import { Person } from './person.js';

const RUN = `
  const [rules, done] = arguments;
  if (!window.axe) { ${axe.source} }
  window.axe
    .run(document, { resultTypes: ['violations'], rules })
    .then(({ violations, passes }) => done(JSON.stringify({
      passes: passes.length,
      violations: violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 160))]),
    })), (error) => done(JSON.stringify({ error: String(error) })));
`;

/** What axe finds in the document: `[rule, ...places]`. `rules`: others than usual. */
export async function violationsIn(person, state, rules = { 'color-contrast': { enabled: false } }) {
  await person.here();
  const { violations, passes, error } = JSON.parse(await person.driver.executeAsyncScript(RUN, rules));
  assert.equal(error, undefined, state);
  assert.ok(passes > 0, `${state}: axe has checked nothing`);
  return violations;
}

async function assertAccessible(person, state) {
  assert.deepEqual(await violationsIn(person, state), [], `${state}: axe finds violations`);
}

const dialogBy = (button, where) => [
  async (person) => {
    await person.click(button);
    await person.find('dialog[open] h2');
  },
  async (person) => {
    await person.click('dialog .dialog-head button');
    await person.gone('dialog');
  },
  where,
];

/** How each state of the room is reached and left; `list`: on a small screen from the list of rooms. */
export const STATES = {
  'the dialog of a new room': dialogBy('.room-ways button:nth-of-type(1)', 'list'),
  'the dialog to join': dialogBy('.room-ways button:nth-of-type(2)', 'list'),
  'the dialog to write to somebody': dialogBy('.room-ways button:nth-of-type(3)', 'list'),
  'the shortcuts': dialogBy('.sidebar-head button:nth-of-type(1)', 'list'),
  'the settings': dialogBy('.sidebar-head button:nth-of-type(2)', 'list'),
  'the pinned messages': dialogBy('.room-head button:nth-of-type(1)'),
  'signing out': dialogBy('.sidebar-foot button', 'list'),
  'the menu of a message': [
    async (person) => {
      await (await person.find('article.message')).sendKeys(Key.ENTER);
      await person.find('[role=menu]');
    },
    async (person) => {
      await person.keys(Key.ESCAPE);
      await person.gone('[role=menu]');
    },
  ],
  'a composer with a problem': [
    async (person) => {
      await person.write(Key.ENTER);
      await person.find('#composer-problem');
    },
    (person) => person.write('x'),
  ],
  'the people to mention': [
    async (person) => {
      await person.write(' @oth');
      await person.find('.mention-option');
    },
    (person) => person.write(Key.ESCAPE),
  ],
  'the people of the room': [
    async (person) => {
      await person.click('.room-head button[aria-expanded=false]');
      await person.find('.people .member');
    },
    (person) => person.click('.people .room-head button'),
  ],
};

/** Every state in a language and a theme. */
export const accessibleIn = (locale, theme) => async (given) => {
  const { browser, unique } = given;
  const link = await openLink(given.url);
  try {
    const person = await Person.come(browser, link.url, { settings: { locale, theme } });
    await person.find('.sign-in');
    await assertAccessible(person, 'signing in');
    await person.signIn(unique('axe'));
    await assertAccessible(person, 'the rooms');
    await person.createRoom(unique('room'), [unique('other')]);
    await person.send('hello **you** `code` https://example.org');
    await person.find('article.message:not(.pending)');
    await assertAccessible(person, 'a room');
    for (const [state, [enter, leave]] of Object.entries(STATES)) {
      await enter(person);
      await assertAccessible(person, state);
      await leave(person);
    }
    link.cut();
    await person.find('.connection');
    await assertAccessible(person, 'no connection');
  } finally {
    link.close();
  }
};

const inAll = ['en', 'es', 'fr'].flatMap((locale) => ['light', 'dark'].map((theme) => [locale, theme]));
const titled = ([locale, theme]) => [`axe finds nothing in ${locale}, ${theme}`, accessibleIn(locale, theme)];

export const ACCESSIBLE_SMOKE = Object.fromEntries(inAll.slice(0, 1).map(titled));
export const ACCESSIBLE = Object.fromEntries(inAll.map(titled));

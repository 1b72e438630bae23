// Somebody is erased while others look on: what they see of it, in place.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Key } from 'selenium-webdriver';
import { choose, withFiles } from './files.js';
import { Person } from './person.js';
import { twoInRoom } from './smoke.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KEYS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** A program of ours, on the tables of the simulator; what it prints. */
function run(...args) {
  const env = { ...process.env, ...KEYS, PYTHONPATH: '.:layers/chat/python' };
  return execFileSync('.venv/bin/python', ['-m', ...args], { cwd: ROOT, env, encoding: 'utf8' }).trim();
}

function erase(user) {
  const address = run('simulator', 'address', `--state=${process.env.PAGE_STATE}`);
  run('privacy', '--endpoint', address, 'erase', user, '--now');
}

const SEEN = `
  return [...document.querySelectorAll('article.message')].map((each) => ({
    sender: each.querySelector('.sender').textContent,
    text: each.querySelector('[id$="-text"]').textContent,
    quote: each.querySelector('.quote')?.textContent ?? null,
    isBare: !each.querySelector('.file, .reactions, .message-note, button'),
    isErased: Boolean(each.querySelector('.avatar.erased, header.visually-hidden')),
  }));
`;
const roomNames = (person) =>
  person.script('return [...document.querySelectorAll(".room-list .room-name")].map((each) => each.textContent)');

/** What one (`ann`) leaves in the room: two messages, one with a file, one that was edited, and an answer. */
async function talk({ one, other, ann }, file) {
  await one.send('the tomatoes are ripe');
  await choose(one, file);
  await one.send('look at them');
  await one.send('see you tomorow');
  await one.choose('see you tomorow', 'Edit');
  await one.script('document.getElementById("composer").select()');
  await one.write(`see you tomorrow${Key.ENTER}`);
  await other.sees('see you tomorrow', { stored: true });
  await other.choose('look at them', 'React with 👍');
  await other.choose('the tomatoes are ripe', 'Reply');
  await other.send('I bring bread');
  await one.choose('I bring bread', 'React with 👍');
  await one.choose('I bring bread', 'Reply');
  await one.send('thanks');
  await other.sees('thanks', { stored: true });
  await other.until('the reaction', () => other.script('return document.querySelectorAll(".reaction").length === 2'));
  await other.choose('thanks', 'Reply');
  const replying = await (await other.find('.composer-about')).getText();
  assert.ok(replying.includes(ann), replying);
  await other.write('and');
}

/** What is said of it, in the language and the theme of each who looks on. */
const SAID = {
  en: { theme: 'light', account: 'Erased account', message: 'This message was erased.' },
  es: { theme: 'dark', account: 'Cuenta borrada', message: 'Este mensaje fue borrado.' },
  fr: { theme: 'light', account: 'Compte effacé', message: 'Ce message a été effacé.' },
};

/** The same person in another window. */
async function comeAs({ browser, url }, user, locale, roomId) {
  const person = await Person.come(browser, url, { user, settings: { locale, theme: SAID[locale].theme } });
  await open(person, roomId);
  return person;
}

async function open(person, roomId) {
  await person.script('location.hash = `#/rooms/${encodeURIComponent(arguments[0])}`', roomId);
  await person.find('#composer');
}

async function assertErased(person, locale, { ann, ben }) {
  const { account, message } = SAID[locale];
  await person.until('that no text is left', async () => (await person.texts()).join() === 'I bring bread');
  await person.gone('.reaction');
  const gone = { sender: account, text: message, quote: null, isBare: true, isErased: true };
  const answer = { sender: ben, text: 'I bring bread', quote: message, isBare: false, isErased: false };
  assert.deepEqual(await person.script(SEEN), [gone, gone, gone, answer, gone], locale);
  await person.until('the rooms', async () => (await roomNames(person)).includes(account));
  assert.equal(await person.script('return document.body.textContent.includes(arguments[0])', ann), false);
  assert.equal(await person.script('return window.isSame'), true, 'the page was loaded anew');
}

const erased = (given) =>
  withFiles(async (file) => {
    const people = await twoInRoom(given);
    const { one, other, ann, ben, roomId } = people;
    await one.press('Write to somebody');
    await one.fill('dialog input', ben);
    await one.click('dialog button[type=submit]');
    await one.gone('dialog');
    await one.send('just for you');
    await other.until('the direct room', async () => (await roomNames(other)).includes(ann));
    await open(one, roomId);
    await talk(people, file);
    const watchers = { en: other };
    for (const locale of ['es', 'fr']) watchers[locale] = await comeAs(given, ben, locale, roomId);
    for (const person of Object.values(watchers)) {
      await person.sees('thanks', { stored: true });
      await person.script('window.isSame = true');
    }
    erase(ann);
    await one.find('.main .whole'); // which begins within a minute
    for (const [locale, person] of Object.entries(watchers)) await assertErased(person, locale, people);
    await other.gone('.composer-about');
    assert.equal(await other.script('return document.getElementById("composer").value'), 'and');
    await one.gone('.main .connection');
  });

export const ERASED = {
  'somebody is erased while others look on': erased,
};

// The other journeys of people: rooms, moderation, tabs, the address, reloads, the keyboard, languages.
import assert from 'node:assert/strict';
import { By, Key } from 'selenium-webdriver';
import { Person } from './person.js';
import { twoInRoom } from './smoke.js';

async function direct({ browser, url, unique }) {
  const [ann, ben] = [unique('ann'), unique('ben')];
  const other = await Person.come(browser, url, { user: ben });
  const one = await Person.come(browser, url, { user: ann });
  await one.press('Write to somebody');
  await one.fill('dialog input', ben);
  await one.click('dialog button[type=submit]');
  await one.find('#composer');
  await one.send('just for you');
  await other.enter(ann);
  await other.sees('just for you', { stored: true });
}

async function mention(given) {
  const { one, other, ben, name } = await twoInRoom(given);
  await other.script("location.hash = '#/'");
  await one.write(`hello @${ben.slice(0, 3)}`);
  await one.find('.mention-option');
  await one.write(Key.ENTER);
  await one.until('the completed name', () =>
    one.script('return document.getElementById("composer").value.includes(arguments[0])', `@${ben}`),
  );
  await one.write(Key.ENTER);
  await one.find('.mention');
  await other.find('.mention-badge');
  await other.enter(name);
  await other.find('.mention.mine');
}

async function mute(given) {
  const { one, other, ben } = await twoInRoom(given);
  await one.openPeople();
  await one.chooseOf(ben, 'Mute for an hour');
  await other.find('.closed');
  await one.chooseOf(ben, 'Let write again');
  await other.find('#composer');
  await one.chooseOf(ben, 'Ban from the room');
  await other.find('.main .whole');
  assert.equal(await (await other.find('.main .whole')).getText(), 'You are not in this room any more.');
}

async function leaving(given) {
  const { one, other, ben, name } = await twoInRoom(given);
  await other.openPeople();
  await other.press('Leave the room');
  await other.click('dialog .danger');
  await other.gone('#composer');
  await other.until('that the list has it no more', async () => !(await other.script('return document.querySelector(".room-list").textContent')).includes(name));
  await one.openPeople();
  await one.until('that they are gone', async () => !(await one.script('return document.querySelector(".member-list").textContent')).includes(ben));
}

async function signOut(given) {
  const { one, other, ann, name } = await twoInRoom(given);
  await one.press('Sign out');
  await one.click('dialog .danger');
  await one.find('.sign-in');
  await other.send('while you were out');
  await one.signIn(ann);
  await one.enter(name);
  await one.sees('while you were out', { stored: true });
}

async function reload(given) {
  const { one, other } = await twoInRoom(given);
  const texts = Array.from({ length: 5 }, (_, index) => `number ${index}`);
  for (const text of texts) await one.send(text);
  await one.reload();
  await other.sees(texts.at(-1), { stored: true });
  await one.sees(texts.at(-1), { stored: true });
  assert.deepEqual(await other.texts({ stored: true }), texts);
  assert.deepEqual(await one.texts({ stored: true }), texts);
}

async function history(given) {
  const { one, name } = await twoInRoom(given);
  const first = await one.roomId();
  const second = await one.createRoom(given.unique('second'));
  await one.driver.navigate().back();
  await one.until('the first room', async () => (await one.roomId()) === first);
  await one.find(By.xpath(`//h2[normalize-space()='${name}']`));
  await one.driver.navigate().forward();
  await one.until('the second room', async () => (await one.roomId()) === second);
}

async function tabs(given) {
  const { one, ann, name } = await twoInRoom(given);
  const again = await Person.come(given.browser, given.url, { user: ann, as: 'tab' });
  await again.enter(name);
  await one.send('from one');
  await again.sees('from one', { stored: true });
  await again.send('from the other');
  await one.sees('from the other', { stored: true });
  const [left, right] = [await one.texts({ stored: true }), await again.texts({ stored: true })];
  assert.deepEqual(left, ['from one', 'from the other']);
  assert.deepEqual(right, left);
}

const MOST_TABS = 40;

/** Tab until the focus is on what `css` names. */
async function tabTo(person, css) {
  for (let count = 0; count < MOST_TABS; count += 1) {
    if (await person.script('return document.activeElement.matches(arguments[0])', css)) return;
    await person.keys(Key.TAB);
  }
  throw new Error(`${MOST_TABS} times Tab do not lead to ${css}`);
}

async function keyboard({ browser, url, unique }) {
  const one = await Person.come(browser, url, {});
  await one.find('.sign-in');
  await tabTo(one, '.row-form input');
  await one.keys(unique('key'), Key.ENTER);
  await one.find('.sidebar');
  await tabTo(one, '.room-ways button');
  await one.keys(Key.ENTER);
  await one.find('dialog[open]');
  await tabTo(one, 'dialog .field input');
  await one.keys(unique('room'), Key.ENTER);
  await one.find('#composer');
  await one.gone('dialog');
  await tabTo(one, '#composer');
  await one.keys('by keys', Key.ENTER);
  await one.sees('by keys', { stored: true });
  await one.keys('second', Key.ENTER);
  await one.sees('second', { stored: true });
  await one.keys(Key.chord(Key.SHIFT, Key.TAB));
  await tabBackTo(one, '.message');
  await one.keys(Key.ARROW_UP, Key.ENTER);
  await one.find('[role=menu]');
  await one.keys(Key.END);
  await one.keys(Key.ENTER);
  await one.find('dialog[open]');
  await one.keys(Key.ESCAPE);
  await one.gone('dialog');
  assert.ok(await one.script('return document.activeElement !== document.body'), 'the focus is lost');
  await one.keys('c');
  await one.until('the composer', () => one.script('return document.activeElement.id === "composer"'));
}

async function tabBackTo(person, css) {
  for (let count = 0; count < MOST_TABS; count += 1) {
    if (await person.script('return document.activeElement.matches(arguments[0])', css)) return;
    await person.keys(Key.chord(Key.SHIFT, Key.TAB));
  }
  throw new Error(`${MOST_TABS} times Shift+Tab do not lead to ${css}`);
}

const WORDS = {
  es: { title: 'Iniciar sesión', create: 'Nueva sala', heard: /Mensaje nuevo de .*: hola/ },
  fr: { title: 'Se connecter', create: 'Nouveau salon', heard: /Nouveau message de .*\s: hola/ },
};

const inLanguage = (locale) => async (given) => {
  const { browser, url } = given;
  const { title, create, heard } = WORDS[locale];
  const settings = { locale };
  const nobody = await Person.come(browser, url, { settings });
  assert.equal(await (await nobody.find('.sign-in h1')).getText(), title);
  const { one, other } = await twoInRoom(given, { settings });
  assert.equal(await one.script('return document.documentElement.lang'), locale);
  assert.equal(await (await one.find('.room-ways button')).getText(), create);
  await one.send('hola');
  await other.sees('hola', { stored: true });
  await other.until('the sentence', async () => (await other.heard()).some((each) => heard.test(each)));
};

export const JOURNEYS = {
  'two people write directly': direct,
  'somebody is mentioned by completion': mention,
  'somebody is muted, let write again and banned': mute,
  'somebody leaves': leaving,
  'somebody signs out and in again': signOut,
  'the page is loaded again in the middle of a send': reload,
  'back and forward lead from room to room': history,
  'one person has two tabs': tabs,
  'everything by the keyboard alone': keyboard,
  'the page speaks es': inLanguage('es'),
  'the page speaks fr': inLanguage('fr'),
};

// The journeys that every change is tried with.
import assert from 'node:assert/strict';
import { By, Key } from 'selenium-webdriver';
import { withLink } from './link.js';
import { Person } from './person.js';

/** Two people of their own in a room of their own. */
export async function twoInRoom({ browser, url, unique }, options = {}) {
  const [ann, ben] = [unique('ann'), unique('ben')];
  const one = await Person.come(browser, options.url ?? url, { user: ann, ...options });
  const other = await Person.come(browser, url, { user: ben, ...options });
  const name = unique('room');
  const roomId = await one.createRoom(name, [ben]);
  await other.enter(name);
  return { one, other, ann, ben, name, roomId };
}

async function chat({ browser, url, unique }) {
  const alice = await Person.come(browser, url, {});
  await alice.press('Sign in as alice');
  const bob = await Person.come(browser, url, {});
  await bob.press('Sign in as bob');
  const name = unique('tea');
  await alice.createRoom(name, ['bob']);
  await bob.enter(name);
  await bob.find('.timeline-rows');
  await alice.send('good morning');
  await bob.sees('good morning', { stored: true });
  await bob.hears('New message from alice: good morning');
  await bob.send('and to you');
  await alice.sees('and to you', { stored: true });
  await alice.hears('New message from bob: and to you');
  assert.ok(!(await alice.heard()).some((each) => each.includes('good morning')), 'one is told of one’s own');
}

async function invite(given) {
  const { browser, url, unique } = given;
  const { one, name } = await twoInRoom(given);
  const cleo = unique('cleo');
  const third = await Person.come(browser, url, { user: cleo });
  await one.openPeople();
  await one.fill('.people .row-form input', cleo);
  await one.click('.people .row-form button');
  await third.enter(name);
  await third.send('thanks');
  await one.sees('thanks', { stored: true });
}

async function change(given) {
  const { one, other } = await twoInRoom(given);
  await one.send('frist');
  await other.sees('frist', { stored: true });
  await one.sees('frist', { stored: true });
  await one.write(Key.ARROW_UP);
  await one.find(By.xpath("//button[@aria-label='Save the change']"));
  await one.script('document.getElementById("composer").select()');
  await one.write('first');
  await one.until('the new words', () => one.script('return document.getElementById("composer").value === "first"'));
  await one.write(Key.ENTER);
  await other.sees('first');
  await other.find('.message-note');
  await other.choose('first', 'React with 👍');
  await one.find('.reaction');
  await other.choose('first', 'Reply');
  await other.send('an answer');
  await one.sees('an answer', { stored: true });
  await one.find('.quote');
  await one.choose('first', 'Remove');
  await one.click('dialog .danger');
  await other.until('that it is removed', async () => !(await other.texts()).includes('first'));
}

async function cut(given, link) {
  const { one, other } = await twoInRoom(given, { url: link.url });
  await one.send('before');
  await other.sees('before', { stored: true });
  link.cut();
  await one.find('.connection');
  const meanwhile = ['one', 'two', 'three', 'four', 'five'];
  for (const text of meanwhile) await one.send(text);
  await one.until('five that wait', async () => (await one.texts()).length === 6);
  assert.deepEqual(await other.texts(), ['before']);
  link.restore();
  await other.sees('five', { stored: true });
  await one.gone('.message.pending');
  assert.deepEqual(await other.texts({ stored: true }), ['before', ...meanwhile]);
  assert.deepEqual(await one.texts({ stored: true }), ['before', ...meanwhile]);
  await one.gone('.connection');
}

export const SMOKE = {
  'two people chat in two windows, and hear each other': chat,
  'a room is created and somebody invited': invite,
  'a message is edited, reacted to, answered and removed': change,
  'what is written while the link is cut is stored once, in order': (given) => withLink(given, cut),
};

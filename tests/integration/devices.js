// One person on two devices, and a device without a link. Another port is another device: nothing that a browser keeps is shared.
import assert from 'node:assert/strict';
import { By } from 'selenium-webdriver';
import { withLink } from './link.js';
import { Person } from './person.js';
import { twoInRoom } from './smoke.js';

/** Those of one person: others have used this browser. */
const drafts = (person, user) =>
  person.script(`return Object.entries(localStorage)
    .filter(([key]) => key.startsWith("draft/" + encodeURIComponent(arguments[0]) + "/")).map(([, value]) => JSON.parse(value))`, user);
const words = (person) => person.script('return document.getElementById("composer")?.value');

/** Looking away and back: the page asks then, at most every half a minute, so a window of its own is quicker. */
async function draft({ browser, url, unique }, link) {
  const user = unique('ann');
  const phone = await Person.come(browser, link.url, { user });
  const name = unique('room');
  await phone.createRoom(name);
  await phone.write('half a thought');
  await phone.until('that it is saved', async () => (await drafts(phone, user)).some(({ base }) => base === 'half a thought'));
  const desk = await Person.come(browser, url, { user });
  await desk.enter(name);
  await desk.until('the draft', async () => (await words(desk)) === 'half a thought');
  await desk.send(', whole now');
  await desk.sees('half a thought, whole now', { stored: true });
  await desk.until('that the draft is gone', async () => (await drafts(desk, user)).length === 0);
  await phone.reload();
  await phone.enter(name);
  await phone.until('that it is gone here', async () => (await words(phone)) === '');
}

/** What was never opened is there as well. */
async function offline({ browser, unique }, link) {
  const one = await Person.come(browser, link.url, { user: unique('ann') });
  await one.until('the service worker with its files', () => installed(one));
  link.cut();
  await one.driver.get('about:blank');
  await one.load(); // by `reload` Firefox's driver goes past the service worker
  await one.find('.connection');
  await one.click(By.css("button[aria-label='Settings']"));
  await one.find('dialog');
  assert.equal(await one.script('return document.querySelector("dialog h2")?.textContent'), 'Settings');
}

/** What waits can be taken back; what comes after it is sent. */
async function discard(given, link) {
  const { one, other } = await twoInRoom(given, { url: link.url });
  await one.send('before');
  await other.sees('before', { stored: true });
  link.cut();
  await one.find('.connection');
  for (const text of ['never mind', 'but this']) await one.send(text);
  await one.until('two that wait', async () => (await one.texts()).length === 3);
  await one.click(By.xpath("//article[contains(@class,'pending')][.//*[contains(@class,'text') and normalize-space()='never mind']]//button"));
  await one.until('that it is gone', async () => !(await one.texts()).includes('never mind'));
  link.restore();
  await other.sees('but this', { stored: true });
  await one.gone('.message.pending');
  assert.deepEqual(await other.texts({ stored: true }), ['before', 'but this']);
}

/** It is active once everything that it is to keep is there. */
const installed = (person) =>
  person.driver.executeAsyncScript(`const done = arguments[0];
    navigator.serviceWorker.getRegistration().then((held) => done(Boolean(held?.active)), () => done(false));`);

export const DEVICES = {
  'a draft is there on the other device, and gone once it was sent': (given) => withLink(given, draft),
  'what waits without a link is taken back': (given) => withLink(given, discard),
  'without a link the page is whole': (given) => withLink(given, offline),
};

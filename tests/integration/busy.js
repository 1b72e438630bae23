// A busy room: 50 messages a second come in while somebody uses the page. What it says aloud stays bounded, nothing is lost, and
// how long the page takes to answer the person is printed (INP, https://web.dev/articles/inp), by the browser's own clock.
import assert from 'node:assert/strict';
import { Key } from 'selenium-webdriver';
import { Person } from './person.js';
import { Writer } from './writer.js';

const PER_SECOND = 50;
const SECONDS = 20;
const DIGEST_S = 2;

const OBSERVE = `
  window.answered = new Map();
  if (!PerformanceObserver.supportedEntryTypes.includes('event')) return false;
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId) window.answered.set(interactionId, Math.max(duration, window.answered.get(interactionId) ?? 0));
  }).observe({ type: 'event', durationThreshold: 16 });
  return true;
`;

/** Writes, scrolls, opens what a room has, until `isDone`; how many keys and presses that were. */
async function use(person, isDone) {
  let count = 0;
  while (!isDone()) {
    for (const key of 'hello') await person.write(key);
    await person.click('.room-head button[aria-expanded=false]');
    await person.click('.people .room-head button');
    await person.script('document.getElementById("composer").select()');
    await person.write(Key.BACK_SPACE);
    await person.until('an empty composer', () => person.script('return document.getElementById("composer").value === ""'));
    count += 8;
  }
  return count;
}

async function busy({ browser, url, unique }) {
  const writer = await Writer.of(url, 'alice');
  const bob = await Person.come(browser, url, {});
  await bob.press('Sign in as bob');
  await bob.enter('lobby');
  await bob.find('.timeline-rows');
  const before = (await bob.heard()).length;
  const isMeasured = await bob.script(OBSERVE);
  let done = false;
  const texts = Array.from({ length: PER_SECOND * SECONDS }, (_, index) => unique(`number ${index}`));
  const sent = writer.sendAll('lobby', texts, PER_SECOND).finally(() => {
    done = true;
  });
  const uses = await use(bob, () => done);
  const took = await sent;
  await bob.sees(texts.at(-1), { stored: true });
  const own = new Set(texts); // another browser may be at it as well
  const seen = (await bob.texts({ stored: true })).filter((each) => own.has(each));
  assert.deepEqual(seen, texts.slice(-seen.length));
  const heard = (await bob.heard()).length - before;
  assert.ok(heard <= took / DIGEST_S + 2, `${heard} sentences in ${took} s`);
  const answered = isMeasured ? await bob.script('return [...window.answered.values()].sort((one, other) => other - one)') : [];
  const inp = answered[Math.floor(uses / 50)] ?? 0;
  console.log(
    `${browser.name}: ${texts.length} messages in ${took.toFixed(1)} s, ${heard} sentences aloud; ${uses} keys and presses, ` +
      (isMeasured ? `INP ${inp} ms (all that took 16 ms or more: ${answered.join(', ')})` : 'INP is not measured by this browser'),
  );
}

export const BUSY = { 'fifty messages a second are read while somebody writes': busy };

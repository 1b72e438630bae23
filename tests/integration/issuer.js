// Signing in at an issuer by the authorization code flow with PKCE, and what happens when its token ends. The issuer is the one
// that the simulator serves with AUTH=oidc.
import assert from 'node:assert/strict';
import { By } from 'selenium-webdriver';
import { Person } from './person.js';
import { startSimulator } from './simulator.js';
import { assertHarmless } from './watch.js';

/** Long enough to sign in and to enter a room, on a slow machine as well. */
const SHORT_SECONDS = 30;

async function withIssuer(given, options, journey) {
  const simulator = await startSimulator('--auth=oidc', ...options);
  try {
    await journey({ ...given, url: simulator.url });
    await closeAll(given.browser.driver, simulator.url);
  } finally {
    await simulator.end();
  }
}

/** Their pages end before their server does. */
async function closeAll(driver, url) {
  for (const handle of await driver.getAllWindowHandles()) {
    await driver.switchTo().window(handle);
    if (!(await driver.getCurrentUrl()).startsWith(url)) continue;
    await assertHarmless(new Person(driver, handle, url));
    await driver.close();
  }
}

/** From the page to the issuer's form, and back. */
async function signInAtIssuer(person, user) {
  const { host } = new URL(person.url);
  await person.press(`Sign in with ${host}`);
  await person.find('#other');
  const asked = new URLSearchParams(new URL(await person.driver.getCurrentUrl()).search);
  assert.equal(asked.get('response_type'), 'code');
  assert.equal(asked.get('code_challenge_method'), 'S256');
  await person.click(By.css(`button[name=user][value=${user}]`));
  await person.find('.sidebar');
  await person.watch();
}

const address = (person) => person.script('return location.href');

async function codeFlow(given) {
  const alice = await Person.come(given.browser, given.url, {});
  await alice.script("location.hash = '#/rooms/lobby'");
  await signInAtIssuer(alice, 'alice');
  await alice.find('#composer');
  assert.equal(await address(alice), `${given.url}#/rooms/lobby`, 'the code stays in the address');
  assert.equal(await alice.script('return sessionStorage.getItem("oidc-waiting")'), null);
  await alice.send('by a code');
  await alice.sees('by a code', { stored: true });
  await alice.reload();
  await alice.sees('by a code', { stored: true });
  const bob = await Person.come(given.browser, given.url, {});
  await signInAtIssuer(bob, 'bob');
  await bob.enter('lobby');
  await bob.sees('by a code', { stored: true });
  await bob.load('/signed-in?code=guessed&state=guessed');
  await bob.find('.sign-in .problem:not(:empty)');
}

/** What is written once the token has ended waits, and goes when the same person has signed in again. */
async function expiry(given) {
  const alice = await Person.come(given.browser, given.url, {});
  await alice.script("location.hash = '#/rooms/lobby'");
  await signInAtIssuer(alice, 'alice');
  await alice.find('#composer');
  let count = 0;
  await alice.until('that the token has ended', async () => {
    if ((await alice.driver.findElements(By.css('.connection.unauthorized button'))).length > 0) return true;
    await alice.send(`number ${(count += 1)}`);
    return false;
  });
  await alice.send('after the end');
  await alice.find(By.xpath("//article[contains(@class,'pending')]//*[normalize-space()='after the end']"));
  await alice.click('.connection.unauthorized button');
  await signInAtIssuer(alice, 'alice');
  await alice.sees('after the end', { stored: true });
  const all = [...Array.from({ length: count }, (_, index) => `number ${index + 1}`), 'after the end'];
  const seen = await alice.texts({ stored: true }); // the newest: older ones come as one reads back
  assert.deepEqual(seen, all.slice(-seen.length));
}

export const ISSUER = {
  'somebody signs in at an issuer by a code with PKCE': (given) => withIssuer(given, [], codeFlow),
  'a token ends, and what was written meanwhile is sent after signing in again': (given) =>
    withIssuer(given, [`--page-ttl=${SHORT_SECONDS}`], expiry),
};

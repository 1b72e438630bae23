// The API explorer: asking and following in the browser, signed in as somebody of the demo or by a token.
import assert from 'node:assert/strict';
import { By } from 'selenium-webdriver';
import { violationsIn } from './accessible.js';
import { Person } from './person.js';

const RESPONSE = 'return [...document.querySelectorAll(".graphiql-response .view-line")].map((each) => each.textContent).join("\\n").replaceAll("\\u00a0", " ")';
const TABS = { read: 1, follow: 2, send: 3 };

/** At the explorer, where nobody is signed in yet. */
async function comeToExplorer({ browser, url }) {
  const person = await Person.come(browser, url, {});
  await person.load('/graphiql');
  await person.find('.sign-in');
  return person;
}

async function edit(person, tab) {
  await person.find('.graphiql-query-editor .view-line');
  await person.click(`.graphiql-tab:nth-of-type(${TABS[tab]}) .graphiql-tab-button`);
  await person.find(`.graphiql-tab:nth-of-type(${TABS[tab]}).graphiql-tab-active`);
}

async function execute(person, operation) {
  await person.click('.graphiql-execute-button');
  if (operation) await person.click(By.xpath(`//*[@role='menuitem' and normalize-space()='${operation}']`));
}

const answers = (person, text) => person.until(`${text} in the answer`, async () => (await person.script(RESPONSE)).includes(text));

const says = (person, sentence) =>
  person.until(sentence, async () => (await person.script('return document.querySelector("[role=status]").textContent')) === sentence);

async function ask(given) {
  const alice = await comeToExplorer(given);
  await alice.press('alice');
  await edit(alice, 'read');
  await execute(alice, 'Rooms');
  await answers(alice, '"userId": "alice"');
  await answers(alice, '"roomId"');
}

async function follow(given) {
  const alice = await comeToExplorer(given);
  await alice.press('alice');
  await edit(alice, 'follow');
  await execute(alice);
  await says(alice, 'The subscription is live.');
  const bob = await comeToExplorer(given);
  await bob.press('bob');
  await edit(bob, 'send');
  await execute(bob);
  await answers(bob, '"senderId": "bob"');
  await answers(alice, '"senderId": "bob"');
  await answers(alice, '"text": "hello"');
  await alice.click('.graphiql-execute-button');
  await says(alice, 'The subscription has ended.');
}

async function paste(given) {
  const carol = await comeToExplorer(given);
  const asked = 'return fetch("/demo/token", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{\\"user\\":\\"carol\\"}" }).then((answer) => answer.json()).then(({ token }) => token)';
  const token = await carol.script(asked);
  await carol.fill('.sign-in section:last-of-type input', `Bearer ${token}`);
  await carol.press('Use it');
  await edit(carol, 'read');
  await execute(carol, 'Rooms');
  await answers(carol, '"userId": "carol"');
  await carol.reload();
  await carol.find('.graphiql-query-editor');
  await carol.press('Sign out');
  await carol.find('.sign-in');
  assert.equal(await carol.script('return JSON.stringify({ ...sessionStorage }).includes(arguments[0])', token), false);
}

async function lookUp(given) {
  const anybody = await comeToExplorer(given);
  await anybody.click(By.linkText('The schema'));
  await anybody.click(By.linkText('sendMessage'));
  await anybody.until('that the section is shown', () =>
    anybody.script('return document.querySelector("section:target h3")?.textContent === "sendMessage"'),
  );
  await anybody.click(By.css('section:target pre a[href="#Message"]'));
  await anybody.until('the type', () => anybody.script('return location.hash === "#Message"'));
  await anybody.load('/docs/gateway.html');
  await anybody.find(By.css('[id="client.send"] table'));
  await anybody.load('/docs/pictures.html');
  await anybody.until('both pictures', () =>
    anybody.script('return [...document.images].filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).length === 2'),
  );
}

/** What GraphiQL's own parts do against a rule: each of its tabs has buttons inside it, and is draggable as a whole. */
const KNOWN = { 'nested-interactive': /^<li [^>]*role="tab"[^>]*class="graphiql-tab[ "]/ };

/** Every rule, that of contrast as well: these are not made of the page's tokens alone. */
async function assertNothingOfOurs(person, state) {
  const found = await violationsIn(person, state, {});
  const ours = found.flatMap(([rule, ...places]) =>
    places.filter((place) => !KNOWN[rule]?.test(place)).map((place) => [rule, place]),
  );
  assert.deepEqual(ours, [], `${state}: axe finds violations`);
}

async function accessible(given) {
  const alice = await comeToExplorer(given);
  await assertNothingOfOurs(alice, 'signing in');
  await alice.press('alice');
  await edit(alice, 'read');
  await assertNothingOfOurs(alice, 'the editor');
  await execute(alice, 'Rooms');
  await answers(alice, '"userId": "alice"');
  await assertNothingOfOurs(alice, 'an answer');
  for (const page of ['', 'gateway.html', 'pictures.html']) {
    await alice.load(`/docs/${page}`);
    await alice.find('h1');
    await assertNothingOfOurs(alice, `/docs/${page}`);
  }
}

export const EXPLORER = {
  'axe finds in the explorer only what is known of GraphiQL': accessible,
  'the explorer asks, and shows the answer': ask,
  'the explorer follows a room': follow,
  'the explorer takes a pasted token, and forgets it': paste,
  'from the explorer to the pages of the schema and the gateway': lookUp,
};

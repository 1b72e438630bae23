// What somebody may write to harm others: nothing of it runs, and it is shown as it is.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { twoInRoom } from './smoke.js';
import { assertHarmless } from './watch.js';

const TEXTS = [
  '<script>window.hacked=1</script>',
  '<img src=x onerror=window.hacked=1>',
  '<svg onload=window.hacked=1><animate onbegin=window.hacked=1 attributeName=x dur=1s></svg>',
  '"><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  'javascript:window.hacked=1',
  '[press](javascript:window.hacked=1)',
  '<a href="javascript:window.hacked=1">press</a>',
  '&lt;script&gt;window.hacked=1&lt;/script&gt; &#x3C;b&#x3E;',
  '"onmouseover="window.hacked=1" x="',
  'data:text/html,<script>window.hacked=1</script>',
  '{{constructor.constructor("window.hacked=1")()}} ${window.hacked=1}',
  '<math><mtext></mtext><style><img src=x onerror=window.hacked=1></style></math>',
  'https://example.org/"onmouseover="window.hacked=1',
];
const OVERRIDE = 'photo\u202egpj.exe';

/** Touches all of it: every link and element is pointed at, and has the focus once. */
const TOUCH = `
  for (const each of document.querySelectorAll('body *'))
    for (const kind of ['mouseover', 'focus', 'load']) each.dispatchEvent(new Event(kind, { bubbles: true }));
  return [...document.querySelectorAll('a[href]')].map((each) => each.protocol);
`;

async function assertSafe(person) {
  const protocols = await person.script(TOUCH);
  const others = protocols.filter((each) => !['http:', 'https:', 'mailto:'].includes(each));
  assert.deepEqual(others, [], 'links that lead elsewhere');
  const strange = await person.script(
    'return document.querySelectorAll("main script, main iframe, main math, main [onerror], main [onload], main [onmouseover], .sidebar script, .sidebar iframe").length',
  );
  assert.equal(strange, 0, 'elements of what was written');
  await assertHarmless(person);
}

async function texts(given) {
  const { one, other } = await twoInRoom(given);
  for (const text of TEXTS) {
    await one.script('document.getElementById("composer").focus()');
    await one.send(text);
    await other.sees(text, { stored: true });
  }
  await one.send(OVERRIDE);
  await other.until('the override', async () => (await other.texts()).at(-1).includes('photo'));
  await assertSafe(one);
  await assertSafe(other);
}

async function roomNames(given) {
  const { one, other, ben } = await twoInRoom(given);
  for (const text of TEXTS.slice(0, 5)) {
    const name = text.replaceAll("'", '').slice(0, 90);
    await one.createRoom(name, [ben]);
    await one.until(`${name} as the title`, async () => (await one.script('return document.querySelector(".room-title h2").textContent')) === name);
    await other.until(`${name} in the list`, async () =>
      (await other.script('return [...document.querySelectorAll(".room-name")].map((each) => each.textContent)')).includes(name),
    );
  }
  await assertSafe(one);
  await assertSafe(other);
}

async function displayNames(given) {
  const { one, other } = await twoInRoom(given);
  const name = '<img src=x onerror=window.hacked=1>';
  await one.click('.sidebar-head button:nth-of-type(2)');
  await one.fill('dialog .field input', name);
  await one.click('dialog form button[type=submit]');
  await one.until('that it is saved', async () => (await one.heard()).includes('Your name is saved.'));
  await one.click('dialog .dialog-head button');
  await one.send('who am I?');
  await other.sees('who am I?', { stored: true });
  await other.reload();
  await other.until('the name', async () =>
    (await other.script('return [...document.querySelectorAll(".message .sender")].map((each) => each.textContent)')).includes(name),
  );
  await assertSafe(one);
  await assertSafe(other);
}

async function fileNames(given) {
  const { one } = await twoInRoom(given);
  const folder = mkdtempSync(join(tmpdir(), 'page-files-'));
  try {
    const name = '"><img src=x onerror=window.hacked=1>.txt';
    writeFileSync(join(folder, name), 'text');
    await (await one.find('.composer input[type=file]')).sendKeys(join(folder, name));
    await one.until('the file', async () => (await one.script('return document.querySelector(".composer").textContent')).includes(name));
    await assertSafe(one);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const HOSTILE = {
  'nothing of hostile texts runs': texts,
  'nothing of hostile names of rooms runs': roomNames,
  'nothing of hostile names of people runs': displayNames,
  'nothing of hostile names of files runs': fileNames,
};

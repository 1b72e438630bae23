// A room of 50,000 messages: read back and forth, the document stays bounded, and what one reads stays in its place to the pixel.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Person } from './person.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COUNT = 50_000;
const PAGES = 40;
const MOST_MESSAGES = 600;
const MOST_MOVED_PX = 1;

/** Written into the engine as the product writes them: 50,000 calls would take minutes. */
async function fill(roomId) {
  const environment = { ...process.env, PYTHONPATH: '.:layers/chat/python', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const args = ['-m', 'tests.guarantees.costs.deep_room', '--room', roomId, String(COUNT), await engine(environment)];
  await promisify(execFile)(`${ROOT}.venv/bin/python`, args, { cwd: ROOT, env: environment });
}

/** The address of the simulator's DynamoDB. */
async function engine(environment) {
  const args = ['-m', 'simulator', 'address', `--state=${process.env.PAGE_STATE}`];
  const { stdout } = await promisify(execFile)(`${ROOT}.venv/bin/python`, args, { cwd: ROOT, env: environment });
  return stdout.trim();
}

/** Goes to one end of what is there, and waits for more beyond it: how far the message at that end moved meanwhile, in pixels. */
const MORE = `
  const [isUp, done] = arguments;
  const box = document.getElementById('timeline');
  const ends = () => [...box.querySelectorAll('article.message')].at(isUp ? 0 : -1)?.dataset.key;
  const before = ends();
  const rowOf = () => box.querySelector('[data-key="' + CSS.escape(before) + '"]');
  box.scrollTop = isUp ? 0 : box.scrollHeight - box.clientHeight - 60;
  requestAnimationFrame(() => {
    const topIn = () => rowOf().getBoundingClientRect().top - box.getBoundingClientRect().top;
    const at = topIn();
    const began = performance.now();
    let moved = 0;
    let after = 0;
    const look = () => {
      if (!rowOf()) return done({ error: 'what was read is gone' });
      moved = Math.max(moved, Math.abs(topIn() - at));
      if (ends() !== before) after += 1;
      if (after > 5) return done({ moved, count: box.querySelectorAll('article.message').length, elements: document.querySelectorAll('*').length });
      if (performance.now() - began > 30000) return done({ error: 'nothing more came' });
      requestAnimationFrame(look);
    };
    look();
  });
`;

async function deep({ browser, url, unique }) {
  const one = await Person.come(browser, url, { user: unique('ann') });
  const name = unique('deep');
  const roomId = await one.createRoom(name);
  await fill(roomId);
  await one.reload();
  await one.enter(name);
  await one.until('the newest', async () => (await one.texts()).some((each) => each.trim() === String(COUNT)));
  const seen = [];
  for (const isUp of [true, false]) {
    for (let page = 0; page < PAGES; page += 1) {
      await one.here();
      const found = await one.driver.executeAsyncScript(MORE, isUp);
      assert.equal(found.error, undefined, `page ${page} ${isUp ? 'up' : 'down'}`);
      assert.ok(found.moved <= MOST_MOVED_PX, `what is read moved by ${found.moved} px, page ${page} ${isUp ? 'up' : 'down'}`);
      assert.ok(found.count <= MOST_MESSAGES, `${found.count} messages are in the document`);
      seen.push(found);
    }
  }
  const most = (part) => Math.max(...seen.map((each) => each[part]));
  console.log(`${browser.name}: ${seen.length} pages in a room of ${COUNT}: at most ${most('count')} messages and ${most('elements')} elements, moved ${most('moved')} px`);
}

export const DEEP = { 'a room of fifty thousand messages is read back and forth': deep };

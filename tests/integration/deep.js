// A room of 50,000 messages: read back and forth, the document stays bounded, and what one reads stays in its place to the pixel.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Person } from './person.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COUNT = 50_000;
/** As many as lead past what is kept, and back within it. */
const PAGES = { up: 30, down: 15 };
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

/**
 * Goes to one end of what is there, and waits for more beyond it: how far the message at that end moved meanwhile, in pixels, as it
 * was painted. An intersection is computed after resize observers have run, right before the paint
 * (https://html.spec.whatwg.org/multipage/webappapis.html#update-the-rendering).
 */
const MORE = `
  const [isUp, done] = arguments;
  const box = document.getElementById('timeline');
  const ends = () => [...box.querySelectorAll('article.message')].at(isUp ? 0 : -1)?.dataset.key;
  const before = ends();
  const painted = () => new Promise((resolve) => {
    const row = box.querySelector('[data-key="' + CSS.escape(before) + '"]');
    if (!row) return resolve(null);
    const seen = new IntersectionObserver(([entry]) => {
      seen.disconnect();
      resolve(entry.boundingClientRect.top - entry.rootBounds.top);
    }, { root: box });
    seen.observe(row);
  });
  const look = async () => {
    box.scrollTop = isUp ? 0 : box.scrollHeight - box.clientHeight - 60;
    const at = await painted();
    const began = performance.now();
    let moved = 0;
    for (let after = 0; after <= 5; after += ends() === before ? 0 : 1) {
      const now = await painted();
      if (now === null) return { error: 'what was read is gone' };
      if (performance.now() - began > 30000) return { error: 'nothing more came' };
      moved = Math.max(moved, Math.abs(now - at));
    }
    return { moved, count: box.querySelectorAll('article.message').length, elements: document.querySelectorAll('*').length };
  };
  look().then(done, (error) => done({ error: String(error) }));
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
  for (const [direction, pages] of Object.entries(PAGES)) {
    for (let page = 0; page < pages; page += 1) {
      await one.here();
      const found = await one.driver.executeAsyncScript(MORE, direction === 'up');
      assert.equal(found.error, undefined, `page ${page} ${direction}`);
      assert.ok(found.moved <= MOST_MOVED_PX, `what is read moved by ${found.moved} px, page ${page} ${direction}`);
      assert.ok(found.count <= MOST_MESSAGES, `${found.count} messages are in the document`);
      seen.push(found);
    }
  }
  const most = (part) => Math.max(...seen.map((each) => each[part]));
  console.log(`${browser.name}: ${seen.length} pages in a room of ${COUNT}: at most ${most('count')} messages and ${most('elements')} elements, moved ${most('moved')} px`);
}

export const DEEP = { 'a room of fifty thousand messages is read back and forth': deep };

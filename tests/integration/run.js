// The simulator with a fresh state on a free port, the page that it serves, and the tests against it: `make test-web`; with
// --lighthouse Lighthouse in the place of the tests.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const READY_MS = 120_000;
const args = process.argv.slice(2);
const OPTIONS = ['--full', '--lighthouse'];
const unknown = args.find((each) => !OPTIONS.includes(each));
if (unknown) {
  console.error(`test-web: there is no ${unknown}, only ${OPTIONS}`);
  process.exit(2);
}
const PROGRAM = args.includes('--lighthouse')
  ? ['../lighthouse/run.js']
  : ['--test', '--test-reporter=spec', 'websocketMessagingTest.js'];
const full = args.includes('--full') || process.env.FULL ? { FULL: '1' } : {};
const state = mkdtempSync(join(tmpdir(), 'page-state-'));
const simulator = spawn(
  '.venv/bin/python',
  ['-m', 'simulator', 'run', '--port=0', `--state=${state}`, '--page=serve', '--publish=stream'],
  { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PYTHONPATH: '.:layers/chat/python' } },
);
const ended = new Promise((resolve) => simulator.on('exit', resolve));

/** Where it listens, from the first line that it prints. */
async function ready() {
  const lines = createInterface({ input: simulator.stdout });
  const limit = setTimeout(() => simulator.kill(), READY_MS);
  const [first] = await Promise.race([once(lines), ended.then(() => [''])]);
  clearTimeout(limit);
  const url = /^ready (http:\S+)\/graphql$/.exec(first)?.[1];
  if (!url) throw new Error(`the simulator did not start: ${first}`);
  simulator.stdout.resume();
  return `${url}/`;
}

const once = (lines) => new Promise((resolve) => lines.once('line', (line) => resolve([line])));

function tests(url) {
  const run = spawn(
    process.execPath,
    PROGRAM,
    { cwd: HERE, stdio: 'inherit', env: { ...process.env, ...full, PAGE_URL: url, PAGE_STATE: state } },
  );
  return new Promise((resolve) => run.on('exit', (status) => resolve(status ?? 1)));
}

try {
  process.exitCode = await tests(await ready());
} finally {
  simulator.kill('SIGINT');
  await ended;
  rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

// A simulator, the page that it serves, and the tests against it: `make test-web`; with --lighthouse Lighthouse in the place of
// the tests.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startSimulator } from './simulator.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
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

function tests({ url, state }) {
  const run = spawn(
    process.execPath,
    PROGRAM,
    { cwd: HERE, stdio: 'inherit', env: { ...process.env, ...full, PAGE_URL: url, PAGE_STATE: state } },
  );
  return new Promise((resolve) => run.on('exit', (status) => resolve(status ?? 1)));
}

const simulator = await startSimulator('--publish=stream');
try {
  process.exitCode = await tests(simulator);
} finally {
  await simulator.end();
}

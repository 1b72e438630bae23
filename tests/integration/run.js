// Starts the API with the page on a free port, with an empty state, and runs the tests against it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const state = mkdtempSync(join(tmpdir(), 'chat-state-'));
const options = ['--port=0', `--state=${join(state, 'local')}`, '--page=serve', '--publish=stream'];
const simulator = spawn(process.env.PYTHON ?? '.venv/bin/python', ['-m', 'simulator', 'run', ...options], {
  cwd: PROJECT,
  env: { ...process.env, PYTHONPATH: '.:layers/chat/python', AUTH: '', PORT: '' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => simulator.once('exit', resolve));

async function page() {
  for await (const line of createInterface({ input: simulator.stdout })) {
    if (line.startsWith('page ')) return line.slice(5);
  }
  throw new Error('the API did not start');
}

let status = 1;
try {
  const env = { ...process.env, CHAT_URL: await page() };
  simulator.stdout.resume();
  const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', 'websocketMessagingTest.js'], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env,
    stdio: 'inherit',
  });
  status = await new Promise((resolve) => tests.once('exit', (code) => resolve(code ?? 1)));
} finally {
  simulator.kill('SIGTERM');
  await ended;
  rmSync(state, { recursive: true, force: true });
}
process.exit(status);

// A simulator with a fresh state on a free port, which serves the page as it is built.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_MS = 120_000;

/** `options`: of `make run`, such as `--auth=oidc`. `end` ends it, and forgets its state. */
export async function startSimulator(...options) {
  const state = mkdtempSync(join(tmpdir(), 'page-state-'));
  const simulator = spawn(
    '.venv/bin/python',
    ['-m', 'simulator', 'run', '--port=0', `--state=${state}`, '--page=serve', ...options],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PYTHONPATH: '.:layers/chat/python' } },
  );
  const ended = new Promise((resolve) => simulator.on('exit', resolve));
  const end = async () => {
    simulator.kill('SIGINT');
    await ended;
    rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    return { url: await ready(simulator, ended), state, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Where it listens, from the first line that it prints. */
async function ready(simulator, ended) {
  const lines = createInterface({ input: simulator.stdout });
  const limit = setTimeout(() => simulator.kill(), READY_MS);
  const first = await Promise.race([new Promise((resolve) => lines.once('line', resolve)), ended.then(() => '')]);
  clearTimeout(limit);
  const url = /^ready (http:\S+)\/graphql$/.exec(first)?.[1];
  if (!url) throw new Error(`the simulator did not start: ${first}`);
  simulator.stdout.resume();
  return `${url}/`;
}

// Breaks one rule at a time in a copy, and names the tests that notice: the proof that tests hold what they say.
//
//     npm run mutate [-- words of names]
//
// Exits with 1 where a mutant survives, where what it changes is not there any more, or where a test does not load.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { applied, MUTANTS } from './mutants.mjs';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const PARTS = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const AT_ONCE = Number(process.env.AT_ONCE ?? 2);
const MOST_MS = Number(process.env.MOST_S ?? 120) * 1_000;
/** Which tests are asked: all of the core's, or those that TESTS names. */
const ALL =
  'tries erased tabs changes live outbox files marks amend reactions room rooms timeline reading messages window kills histories';
const TESTS = (process.env.TESTS ?? ALL).split(' ');

/** The names of the tests that fail where the mutant is in force: of histories, and of all others. */
async function killers(mutant) {
  const folder = mkdtempSync(join(tmpdir(), 'mutant-'));
  try {
    for (const part of PARTS) cpSync(join(HERE, part), join(folder, part), { recursive: true });
    symlinkSync(join(HERE, 'node_modules'), join(folder, 'node_modules'));
    const place = join(folder, 'src', 'core', mutant.file);
    writeFileSync(place, applied(readFileSync(place, 'utf8'), mutant));
    const others = TESTS.filter((each) => each !== 'histories');
    const plain = others.length > 0 ? await failing(folder, others) : [];
    return [...plain, ...(others.length < TESTS.length ? await failing(folder, ['histories']) : [])];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The names of the tests in `folder` that fail. Tests that do not end have failed, too: without a
 * report, so each file is asked by itself.
 */
async function failing(folder, tests) {
  const report = join(folder, `${tests.join('-')}.json`);
  // Not by npx, whose child would live on when the time is over.
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
  const files = tests.map((each) => `test/${each}.test.ts`);
  const given = [vitest, 'run', '--reporter=json', `--outputFile=${report}`, ...files];
  const env = { ...process.env, HISTORIES: '400', READINGS: '200', SEED: '1', QUICK: '1' };
  // SIGTERM it would answer by an orderly end, which no report and no signal tells from a crash.
  const limit = { timeout: MOST_MS, killSignal: 'SIGKILL' };
  const child = spawn(process.execPath, given, { cwd: folder, env, stdio: 'ignore', ...limit });
  const [, signal] = await new Promise((resolve) => child.once('close', (...how) => resolve(how)));
  if (signal && tests.length === 1)
    return [`${tests[0] === 'histories' ? 'any history' : tests[0]} does not end`];
  if (signal) {
    const names = [];
    for (const each of tests) names.push(...(await failing(folder, [each])));
    return names;
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const unloaded = testResults.filter(
    (each) => each.status === 'failed' && each.assertionResults.length === 0,
  );
  if (unloaded.length > 0) throw new Error(`${unloaded[0].name} does not load`);
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => fullName.trim());
}

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const waiting = [...chosen];
let failed = 0;

async function work() {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    let said;
    try {
      const names = await killers(mutant);
      if (names.length === 0) failed += 1;
      const byHistories = names.some((name) => name.includes('any history')) ? ' + histories' : '';
      const [first = ''] = names.filter((name) => !name.includes('any history'));
      said = names.length
        ? `killed by ${names.length}: ${first || 'histories'}${first ? byHistories : ''}`
        : 'SURVIVED';
    } catch (error) {
      failed += 1;
      said = `NOT TRIED: ${error.message}`;
    }
    console.log(`${mutant.name} (${mutant.file}): ${said}`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(`${chosen.length} mutants, ${failed} not killed`);
process.exit(failed ? 1 : 0);

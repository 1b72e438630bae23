// 10,000 messages applied one by one, and a page of 50 merged into them, beside other clients: `npm run bench`. All run in
// turns within one process, and what counts are ratios within a round: this machine's speed falls out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { versionOf } from './versions.mjs';

const COUNT = 10_000;
const PAGE = 50;
const ROUNDS = Number(process.env.ROUNDS ?? 5);

async function loaded() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const outfile = join(folder, 'contestants.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('contestants.ts', import.meta.url))],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    conditions: ['production'],
    define: { 'process.env.NODE_ENV': '"production"' },
    outfile,
    logLevel: 'error',
  });
  const module = await import(outfile);
  rmSync(folder, { recursive: true });
  return module;
}

const { CONTESTANTS, OLDER, messages } = await loaded();

/** Milliseconds of this process's CPU: others on the machine do not count. */
function timed(work) {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

function heap() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Milliseconds to apply and to merge, and the bytes that are held for it at the end. */
function measured(make) {
  const before = heap();
  const contestant = make();
  let live = messages(OLDER + 1, OLDER + 1 + COUNT);
  const apply = timed(() => {
    contestant.apply(live);
    contestant.read();
  });
  let page = messages(OLDER - PAGE, OLDER).reverse();
  const merge = timed(() => {
    contestant.merge(page);
    contestant.read();
  });
  live = page = null;
  const held = heap() - before;
  return { apply, merge, held, count: contestant.read().length };
}

const names = Object.keys(CONTESTANTS);
const rounds = [];
for (let round = -1; round < ROUNDS; round += 1) {
  const turn = names.map((_, n) => names[(n + Math.max(0, round)) % names.length]);
  const figures = Object.fromEntries(turn.map((name) => [name, measured(CONTESTANTS[name])]));
  if (round >= 0) rounds.push(figures); // the first one warms up
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
}

const [ours] = names;
const told = (values, digits) =>
  spread(values)
    .map((value) => value.toFixed(digits))
    .join(' / ');
const label = (name) => (name.startsWith('this') ? name : `${name} ${versionOf(name)}`);
console.log(
  `${ROUNDS} rounds, Node ${process.version}; min / median / max; ratios to the first line, larger is worse\n`,
);
console.log('| | holds | apply 10,000, CPU ms | ratio | merge 50, CPU ms | ratio | heap, MiB | ratio |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const name of names) {
  const cells = [
    ['apply', 0, 1],
    ['merge', 2, 1],
    ['held', 1, 1],
  ].flatMap(([what, digits, scale]) => {
    const unit = what === 'held' ? 2 ** 20 : scale;
    const plain = told(
      rounds.map((round) => round[name][what] / unit),
      digits,
    );
    return [
      plain,
      told(
        rounds.map((round) => round[name][what] / round[ours][what]),
        2,
      ),
    ];
  });
  console.log(`| ${label(name)} | ${rounds[0][name].count} | ${cells.join(' | ')} |`);
}

// What the page loads before anybody can chat, gzipped: the scripts that index.html names and what they import at once. Exits
// with 1 where that is more than it may be.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MOST_KIB = 120;
const read = (name) => readFileSync(new URL(`dist/${name}`, import.meta.url), 'utf8');
const loaded = new Set();

function load(name) {
  if (loaded.has(name)) return;
  loaded.add(name);
  for (const [, next] of read(name).matchAll(/(?:import|from)\s*"\.\/([\w.-]+\.js)"/g))
    load(`assets/${next}`);
}

for (const [, name] of read('index.html').matchAll(/(?:src|href)="\/([\w./-]+\.js)"/g)) load(name);
const kib = [...loaded].reduce((sum, name) => sum + gzipSync(read(name)).length, 0) / 1_024;
console.log(
  `scripts at first paint: ${kib.toFixed(1)} KiB gzipped in ${loaded.size} files, at most ${MOST_KIB}`,
);
process.exit(kib > MOST_KIB ? 1 : 0);

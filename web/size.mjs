// What the page loads, gzipped: what is painted first, which is who one is, are the scripts that index.html names and what they
// import at once; with the chat of who is signed in it is what is painted first for them. Exits with 1 where that is more than
// it may be.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MOST_KIB = 120;
let isTooMuch = false;
const read = (name) => readFileSync(new URL(`dist/${name}`, import.meta.url), 'utf8');
const loaded = new Set();

function load(name) {
  if (loaded.has(name)) return;
  loaded.add(name);
  for (const [, next] of read(name).matchAll(/(?:import|from)\s*"\.\/([\w.-]+\.js)"/g))
    load(`assets/${next}`);
}

function tell(what) {
  const kib = [...loaded].reduce((sum, name) => sum + gzipSync(read(name)).length, 0) / 1_024;
  console.log(`${what}: ${kib.toFixed(1)} KiB gzipped in ${loaded.size} files, at most ${MOST_KIB}`);
  isTooMuch ||= kib > MOST_KIB;
}

for (const [, name] of read('index.html').matchAll(/(?:src|href)="\/([\w./-]+\.js)"/g)) load(name);
tell('scripts at first paint');
const chat = readdirSync(new URL('dist/assets/', import.meta.url)).find((name) =>
  /^signed-in-.*\.js$/.test(name),
);
load(`assets/${chat}`);
tell('the same for who is signed in');
process.exit(isTooMuch ? 1 : 0);

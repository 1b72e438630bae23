// `npm run size` prints the table.
import { measured } from './pages.mjs';
import { kib } from './sized.mjs';

console.log('| page | KiB gzipped | budget | KiB minified | of these Zod |\n| --- | --- | --- | --- | --- |');
for (const { name, packed, most, whole, of } of await measured())
  console.log(`| ${name} | ${kib(packed)} | ${most} | ${kib(whole)} | ${kib(of('node_modules/zod'))} |`);

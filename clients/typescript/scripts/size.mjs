// What a page has to load, minified and gzipped, with everything that is imported lazily. `npm run size` prints the table.

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('..', import.meta.url));

const CLIENT = `export { ChatClient } from './src/index.ts';`;
const APPSYNC = `export { appsync } from './src/transports/appsync.ts';`;
const GATEWAY = `export { gateway } from './src/transports/gateway.ts';`;
const INDEXED_DB = `export { indexedDbStorage } from './src/storage/indexeddb.ts';`;

const TABS = `export { tabs } from './src/tabs.ts';`;
const HOOKS = `export * from './src/react.ts';`;

const PAGES = {
  'core alone': [`export { ChatCore } from './src/core/chat.ts';`],
  'client, AppSync, IndexedDB': [CLIENT, APPSYNC, INDEXED_DB],
  'client, AppSync, IndexedDB, tabs': [CLIENT, APPSYNC, INDEXED_DB, TABS],
  'client, gateway, IndexedDB': [CLIENT, GATEWAY, INDEXED_DB],
  'client, both, IndexedDB, hooks': [CLIENT, APPSYNC, GATEWAY, INDEXED_DB, HOOKS],
};

async function sized(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: HERE, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: ['react'],
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  const zod = Object.entries(output.inputs)
    .filter(([name]) => name.includes('node_modules/zod'))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  const whole = outputFiles.reduce((sum, { contents: bytes }) => sum + bytes.length, 0);
  const packed = outputFiles.reduce(
    (sum, { contents: bytes }) => sum + gzipSync(bytes, { level: 9 }).length,
    0,
  );
  return { whole, packed, zod };
}

const kib = (bytes) => (bytes / 1024).toFixed(1);

console.log('| page | KiB gzipped | KiB minified | of these Zod |\n| --- | --- | --- | --- |');
for (const [name, contents] of Object.entries(PAGES)) {
  const { whole, packed, zod } = await sized(contents.join(''));
  console.log(`| ${name} | ${kib(packed)} | ${kib(whole)} | ${kib(zod)} |`);
}

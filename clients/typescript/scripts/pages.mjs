// The pages whose size counts, and the most that each may be. A test holds them to it, so whoever needs more says so here.
import { fileURLToPath } from 'node:url';
import { sized } from './sized.mjs';

const HERE = fileURLToPath(new URL('..', import.meta.url));

const CLIENT = `export { ChatClient } from './src/index.ts';`;
const APPSYNC = `export { appsync } from './src/transports/appsync.ts';`;
const GATEWAY = `export { gateway } from './src/transports/gateway.ts';`;
const INDEXED_DB = `export { indexedDbStorage } from './src/storage/indexeddb.ts';`;
const TABS = `export { tabs } from './src/tabs.ts';`;
const SENTENCES = `export { sentenceOf } from './src/messages.ts';`;
const HOOKS = `export * from './src/react.ts';`;

/** By name: what it imports, and its budget in KiB gzipped. */
const PAGES = {
  'core alone': { imports: [`export { ChatCore } from './src/core/chat.ts';`], most: 18.1 },
  'client, AppSync, IndexedDB': { imports: [CLIENT, APPSYNC, INDEXED_DB], most: 33.4 },
  'client, AppSync, IndexedDB, tabs': { imports: [CLIENT, APPSYNC, INDEXED_DB, TABS], most: 36.8 },
  'client, gateway, IndexedDB': { imports: [CLIENT, GATEWAY, INDEXED_DB], most: 33.2 },
  'client, both, IndexedDB, hooks': { imports: [CLIENT, APPSYNC, GATEWAY, INDEXED_DB, HOOKS], most: 35.3 },
  'sentences of refusals, alone': { imports: [SENTENCES], most: 11 },
};

/** Every page with its size in bytes and its budget in KiB. */
export const measured = () =>
  Promise.all(
    Object.entries(PAGES).map(async ([name, { imports, most }]) => ({
      name,
      most,
      ...(await sized(imports.join(''), HERE)),
    })),
  );

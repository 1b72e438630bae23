import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const client = (path: string) => fileURLToPath(new URL(`../clients/typescript/src/${path}`, import.meta.url));
const own = (name: string) => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url));

/** The service worker with the names of all files of this build, so that the page is whole without a link. */
const offline = {
  name: 'offline',
  generateBundle(this: { emitFile(file: object): void }, _: unknown, bundle: object) {
    const names = Object.keys(bundle).filter((name) => name.startsWith('assets/'));
    const text = readFileSync(new URL('src/offline/service-worker.js', import.meta.url), 'utf8');
    const source = text.replace(
      'const FILES = [];',
      `const FILES = ${JSON.stringify(names.map((name) => `/${name}`))};`,
    );
    this.emitFile({ type: 'asset', fileName: 'sw.js', source });
  },
};

export default defineConfig({
  plugins: [react(), offline],
  resolve: {
    // The client is built from its sources, on this page's copies of what it needs.
    alias: [
      { find: '@appsync-chat/client/react', replacement: client('react.ts') },
      { find: '@appsync-chat/client/tabs', replacement: client('tabs.ts') },
      { find: '@appsync-chat/client/appsync', replacement: client('transports/appsync.ts') },
      { find: '@appsync-chat/client/gateway', replacement: client('transports/gateway.ts') },
      { find: '@appsync-chat/client/indexeddb', replacement: client('storage/indexeddb.ts') },
      { find: '@appsync-chat/client', replacement: client('index.ts') },
      { find: /^zod\/mini$/, replacement: own('zod/mini/index.js') },
    ],
    dedupe: ['react', 'react-dom'],
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One file of all that is needed at once: apart from one another they are packed worse.
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] },
      },
    },
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    pool: 'threads',
    maxWorkers: 2,
    coverage: {
      include: ['src/**/*.{ts,tsx}'],
      reporter: ['text-summary'],
      // The page is tried in browsers (tests/integration/), which are not counted here.
      thresholds: { statements: 21, branches: 18, functions: 17, lines: 22 },
      reportsDirectory: '../.cache/coverage-page',
    },
  },
});

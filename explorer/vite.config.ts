import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/graphiql/',
  plugins: [react()],
  resolve: { dedupe: ['react', 'react-dom', 'graphql'] },
  worker: { format: 'es' },
  // Nothing of it is waited for by people who chat, so the editor may be one large part.
  build: {
    rolldownOptions: { checks: { moduleLevelDirective: false } },
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8_000,
    reportCompressedSize: false,
  },
  test: { include: ['test/**/*.test.ts'], pool: 'threads', maxWorkers: 2 },
});

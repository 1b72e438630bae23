import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'threads',
    maxWorkers: 2,
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['src/**/generated/**'],
      reporter: ['text-summary'],
      thresholds: { statements: 93, branches: 89, functions: 90, lines: 94 },
      reportsDirectory: '../../.cache/coverage-client',
    },
  },
});

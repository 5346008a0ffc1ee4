import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'plugins/**/*.test.ts', 'test/**/*.test.ts', 'examples/*.test.ts', 'bench/*.test.ts'],
    testTimeout: 30_000,
  },
});

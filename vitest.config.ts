import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'plugins/**/*.test.ts', 'test/**/*.test.ts', 'examples/*.test.ts', 'bench/*.test.ts'],
    testTimeout: 30_000,
    // What a test started is ended in a hook, by a process of its own: as slow as the machine is busy.
    hookTimeout: 60_000,
  },
});

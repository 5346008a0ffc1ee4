import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Plugins are packages of their own; what they import is this checkout's.
  resolve: { alias: { 'vfio-compose/plugin': new URL('./src/plugin/index.ts', import.meta.url).pathname } },
  test: {
    include: ['src/**/*.test.ts', 'plugins/**/*.test.ts', 'test/**/*.test.ts', 'examples/*.test.ts', 'bench/*.test.ts'],
    testTimeout: 30_000,
    // What a test started is ended in a hook, by a process of its own: as slow as the machine is busy.
    hookTimeout: 60_000,
  },
});

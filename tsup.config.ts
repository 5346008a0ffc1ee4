import { rmSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';
import { buildBin } from './scripts/build-bin.ts';
import { packPlugins } from './scripts/pack-plugins.ts';

// Here and not as `clean`: the two builds below run side by side, and each would sweep away what the other made.
rmSync('dist', { recursive: true, force: true });

// The generated validators are CommonJS and require a helper of ajv's; ES modules have no `require` of their own.
const REQUIRE = `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);`;

const shared: Options = {
  platform: 'node',
  target: 'node20',
  silent: true,
  minifySyntax: true,
  treeshake: false,
};

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', 'plugin/index': 'src/plugin/index.ts' },
    format: 'esm',
    dts: true,
    splitting: true,
    banner: { js: REQUIRE },
    esbuildPlugins: [packPlugins(process.cwd())],
    // The command shares no file with the library: it is made by a build of its own.
    onSuccess: buildBin,
  },
]);

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Packs every plugin below plugins/ into a build: in the place of src/runtime/plugins/builtin.ts, which looks for them,
 * stands a module that lists them. The code of each stays behind an `import()` and runs when the plugins are loaded.
 */
export function packPlugins(root: string): Plugin {
  return {
    name: 'pack-plugins',
    setup(on) {
      on.onLoad({ filter: /[\\/]src[\\/]runtime[\\/]plugins[\\/]builtin\.ts$/ }, () => ({
        contents: builtinModule(root),
        loader: 'ts',
        resolveDir: root,
      }));
    },
  };
}

function builtinModule(root: string): string {
  const plugins = join(root, 'plugins');
  const folders = existsSync(plugins) ? readdirSync(plugins).sort() : [];
  const entries = folders
    .filter((folder) => existsSync(join(plugins, folder, 'package.json')))
    .map((folder) => {
      const { name, version, 'vfio-compose': metadata } = packageJson(join(plugins, folder, 'package.json'));
      const kept = JSON.stringify({ name, version, 'vfio-compose': metadata });
      const entry = JSON.stringify(`./plugins/${folder}/index.ts`);
      return `  { folder: ${JSON.stringify(folder)}, packageJson: () => (${kept}), load: () => import(${entry}) },`;
    });
  return `const all = [\n${entries.join('\n')}\n];\nexport const builtinPlugins = () => all;\n`;
}

const packageJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

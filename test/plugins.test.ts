import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pluginId } from '../src/model/index.ts';
import { expect, test } from 'vitest';
import { subjectOf } from '../src/cli/plugin-subject.ts';
import { exampleHosts, hostsIn } from '../src/cli/verbs/plugin/test.ts';
import { checkPlugin } from '../src/plugin/contract/index.ts';
import { builtinPlugins } from '../src/runtime/plugins/index.ts';
import { ROOT, shippedSources } from './sources.ts';

const plugins = await builtinPlugins();
const hosts = await exampleHosts();
const FOLDERS = readdirSync(join(ROOT, 'plugins')).filter((name) =>
  existsSync(join(ROOT, 'plugins', name, 'package.json')),
);

test('every folder of plugins/ is a plugin of its name', () => {
  expect(FOLDERS.length).toBeGreaterThan(0);
  expect(plugins.loaded.map(({ plugin }) => pluginId(plugin)).sort()).toEqual([...FOLDERS].sort());
});

test.each(plugins.loaded.map((loaded) => ({ id: pluginId(loaded.plugin), loaded })))(
  'R-RESET-6: $id keeps the contract of plugins',
  async ({ loaded }) => {
    const own = await hostsIn(join(loaded.folder, 'hosts'));
    const checks = checkPlugin(subjectOf(loaded, plugins, [...hosts, ...own]));
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.filter(({ failures }) => failures.length > 0)).toEqual([]);
  },
);

test('R-RESET-6: what ships outside plugins/ names no plugin: a new one is a folder and nothing else', () => {
  const named = shippedSources()
    .filter(({ path }) => path.startsWith('src/'))
    .flatMap(({ path, text }) => FOLDERS.filter((name) => text.includes(name)).map((name) => `${path}: ${name}`));
  expect(named).toEqual([]);
});

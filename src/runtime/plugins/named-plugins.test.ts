import { expect, test } from 'vitest';
import { directoryWith } from '../../testing/directory.ts';
import { loadManifest } from '../config/index.ts';
import { givesOptions, namedPlugins } from './named-plugins.ts';

const load = (cwd: string) =>
  loadManifest({ file: ['main.yaml'], envFile: [], env: {}, cwd, readStdin: () => Promise.resolve(Buffer.alloc(0)) });

const DEVICES = 'devices:\n  nic0: "0000:01:00.0"\n';

test('an entry counts from the file that it stands in, also from one that is included', async () => {
  const cwd = directoryWith({
    'main.yaml': `version: 1\ninclude: parts/base.yaml\n${DEVICES}`,
    'parts/base.yaml': 'plugins:\n  - ./reset-mine\n',
  });
  const { value, paths } = await load(cwd);
  expect(value && namedPlugins(value, paths)).toMatchObject([
    {
      name: './reset-mine',
      writtenIn: `${cwd}/parts/base.yaml`,
      at: { file: 'parts/base.yaml', start: { line: 2, column: 5 } },
    },
  ]);
});

test('a manifest that gives options to a plugin is known, and one that does not', async () => {
  const given = directoryWith({
    'main.yaml': 'version: 1\niommu: {type: type1v2, options: {a: 1}}\ndevices:\n  nic0: "0000:01:00.0"\n',
  });
  const without = directoryWith({ 'main.yaml': `version: 1\n${DEVICES}` });
  const [a, b] = await Promise.all([load(given), load(without)]);
  expect(a.value && givesOptions(a.value)).toBe(true);
  expect(b.value && givesOptions(b.value)).toBe(false);
});

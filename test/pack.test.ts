import { expect, test } from 'vitest';
import { faultsOf } from '../scripts/check-pack.ts';

const SOUND = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/cli/main.cjs',
  'dist/cli/program-0123456789abcdef.cjs',
  'dist/cli/program-0123456789abcdef.cjs.11.3.244.8-node.38-x64',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/plugin/index.js',
  'dist/plugin/index.d.ts',
  'schema/manifest.schema.json',
  'templates/completion.bash.hbs',
  'templates/systemd/vfio-compose@.service',
  'templates/plugin/reset/index.js.hbs',
  'templates/plugin/reset/index.test.js.hbs',
  'templates/plugin/iommu/index.js.hbs',
  'plugins/iommu-type1/README.md',
  'docs/writing-a-reset-plugin.md',
  'examples/one-nic/expected/plan.txt',
  'docs/adr/0001-koffi.md',
];

test('accepts what a user needs', () => {
  expect(faultsOf(SOUND)).toEqual([]);
});

test.each(['dist/compiler/x.test.js', 'src/cli/main.ts', 'examples/one-nic/x.test.ts', 'old.tgz', 'dist/index.js.map'])(
  'refuses %s in the package',
  (file) => {
    expect(faultsOf([...SOUND, file])).toEqual([`${file} must not be in the package`]);
  },
);

test('refuses what nobody said is needed, and misses what is', () => {
  expect(faultsOf([...SOUND, 'notes.txt'])).toEqual(['notes.txt is not expected in the package']);
  expect(faultsOf(SOUND.filter((file) => file !== 'LICENSE'))).toEqual(['LICENSE is missing']);
});

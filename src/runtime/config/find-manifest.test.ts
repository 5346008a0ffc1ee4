import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { findManifest } from './find-manifest.ts';
import { directoryWith } from '../../testing/directory.ts';

test('finds the manifest here, or in the nearest directory above', async () => {
  const root = directoryWith({ 'a/vfio-compose.yaml': 'x', 'a/b/c/keep': '' });
  expect(await findManifest(join(root, 'a'))).toBe(join(root, 'a/vfio-compose.yaml'));
  expect(await findManifest(join(root, 'a/b/c'))).toBe(join(root, 'a/vfio-compose.yaml'));
});

test('takes .yml, and .yaml before it', async () => {
  const root = directoryWith({ 'a/vfio-compose.yml': 'x', 'b/vfio-compose.yml': 'x', 'b/vfio-compose.yaml': 'x' });
  expect(await findManifest(join(root, 'a'))).toBe(join(root, 'a/vfio-compose.yml'));
  expect(await findManifest(join(root, 'b'))).toBe(join(root, 'b/vfio-compose.yaml'));
});

test('takes an empty manifest for one, and does not go on above it', async () => {
  const root = directoryWith({ 'vfio-compose.yaml': 'x', 'a/vfio-compose.yaml': '' });
  expect(await findManifest(join(root, 'a'))).toBe(join(root, 'a/vfio-compose.yaml'));
});

test('does not pass over a manifest that it cannot read', async () => {
  const root = directoryWith({ 'vfio-compose.yaml': 'x', 'a/keep': '' });
  mkdirSync(join(root, 'a/vfio-compose.yaml'));
  expect(await findManifest(join(root, 'a'))).toBe(join(root, 'a/vfio-compose.yaml'));
});

test('finds nothing where there is nothing, and does not look into the user configuration', async () => {
  const root = directoryWith({
    'a/keep': '',
    'home/.config/vfio-compose/config.yaml': 'x',
    'home/.config/vfio-compose/config.js': 'x',
  });
  const before = { ...process.env };
  onTestFinished(() => {
    process.env = before;
  });
  process.env['HOME'] = join(root, 'home');
  process.env['XDG_CONFIG_HOME'] = join(root, 'home/.config');
  expect(await findManifest(join(root, 'a'))).toBeUndefined();
});

/** What cosmiconfig would execute, or would take places to execute from; each writes the file `proof` when it runs. */
function planted(proof: string): Readonly<Record<string, string>> {
  const write = `writeFileSync(${JSON.stringify(proof)}, 'ran')`;
  const run = `require('node:fs').${write}; module.exports = {};`;
  return {
    '.config/config.js': run,
    '.config/config.cjs': run,
    '.config/config.mjs': `import { writeFileSync } from 'node:fs'; ${write}; export default {};`,
    '.config/config.yaml': 'searchPlaces: [.evil.cjs]\nmergeSearchPlaces: true\n',
    'package.json': '{"cosmiconfig": {"searchPlaces": [".evil.cjs"]}}',
    'vfio-compose.config.js': run,
    '.evil.cjs': run,
  };
}

function inDirectory(directory: string): void {
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(directory);
}

/** cosmiconfig loads code without waiting for it: whether it ran is known a little later. */
async function appears(path: string, milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds;
  while (!existsSync(path) && performance.now() < until) await setTimeout(10);
  return existsSync(path);
}

test('runs nothing that lies in the working directory', async () => {
  const proof = join(directoryWith({}), 'ran');
  const { '.evil.cjs': evil = '', ...each } = planted(proof);
  for (const [name, text] of Object.entries(each)) {
    const folder = directoryWith({ 'vfio-compose.yaml': 'x', [name]: text, '.evil.cjs': evil });
    inDirectory(folder);
    expect(await findManifest(folder), name).toBe(join(folder, 'vfio-compose.yaml'));
    expect(process.cwd()).toBe(folder);
  }
  expect(await appears(proof, 300)).toBe(false);
});

test('would run it if cosmiconfig were used as it comes, so that the test above is worth something', async () => {
  const proof = join(directoryWith({}), 'ran');
  const { '.config/config.cjs': code = '' } = planted(proof);
  const folder = directoryWith({ '.config/config.cjs': code });
  inDirectory(folder);
  const { cosmiconfigSync } = await import('cosmiconfig');
  cosmiconfigSync('vfio-compose', { searchPlaces: ['vfio-compose.yaml'] });
  expect(await appears(proof, 5000)).toBe(true);
});

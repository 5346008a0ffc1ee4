import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
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

/** Finds something with cosmiconfig as it comes, where code lies that writes the file `proof`; over when that was written. */
async function unlocked(proof: string): Promise<void> {
  const { '.config/config.cjs': code = '' } = planted(proof);
  inDirectory(directoryWith({ '.config/config.cjs': code }));
  const { cosmiconfigSync } = await import('cosmiconfig');
  cosmiconfigSync('vfio-compose', { searchPlaces: ['vfio-compose.yaml'] });
  // It loads code without waiting for it.
  await vi.waitFor(() => expect(existsSync(proof)).toBe(true), { timeout: 20_000 });
}

test('runs nothing that lies in the working directory', async () => {
  const proofs = directoryWith({});
  const proof = join(proofs, 'ran');
  const { '.evil.cjs': evil = '', ...each } = planted(proof);
  for (const [name, text] of Object.entries(each)) {
    const folder = directoryWith({ 'vfio-compose.yaml': 'x', [name]: text, '.evil.cjs': evil });
    inDirectory(folder);
    expect(await findManifest(folder), name).toBe(join(folder, 'vfio-compose.yaml'));
    expect(process.cwd()).toBe(folder);
  }
  // Once code that is loaded later has run, by both ways of loading it, theirs would have run too.
  const later = join(proofs, 'ran-later');
  const { '.config/config.mjs': code = '' } = planted(later);
  const { cosmiconfig } = await import('cosmiconfig');
  await cosmiconfig('later').load(join(directoryWith({ 'later.mjs': code }), 'later.mjs'));
  expect(existsSync(later)).toBe(true);
  await unlocked(join(proofs, 'ran-last'));
  expect(existsSync(proof)).toBe(false);
});

test('would run it if cosmiconfig were used as it comes, so that the test above is worth something', async () => {
  const proof = join(directoryWith({}), 'ran');
  await unlocked(proof);
  expect(existsSync(proof)).toBe(true);
});

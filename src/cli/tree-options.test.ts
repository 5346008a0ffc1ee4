import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeFdt } from '../devicetree/fdt/write-fdt.ts';
import { deviceTree } from '../testing/index.ts';
import { ExitStatus } from './exit-status.ts';
import { globalOptions } from './global-options.ts';
import { runCommandLine } from './run.ts';
import { UsageError } from './verb.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tree-options-'));
  const board = deviceTree({
    '#address-cells': 1,
    '#size-cells': 1,
    'dma@4000': { compatible: 'acme,dma', reg: [0x4000, 0x100], status: 'disabled', 'local-mac-address': 'unique' },
  });
  writeFileSync(join(folder, 'board.dtb'), writeFdt(board));
  const overlay = deviceTree({ 'fragment@0': { 'target-path': '/dma@4000', __overlay__: { status: 'okay' } } });
  writeFileSync(join(folder, 'on.dtbo'), writeFdt(overlay));
  writeFileSync(join(folder, 'one.yaml'), 'version: 1\nvms:\n  one:\n    devices: { nic: "0000:01:00.0" }\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]) {
  let out = '';
  let err = '';
  const status = await runCommandLine([...args, '--state-dir', join(folder, 'state')], '0', () => ({
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: { VFIO_COMPOSE_HOST: 'unused.json' },
    cwd: folder,
    interactive: false,
    colour: () => false,
    confirm: async () => false,
    ask: () => Promise.resolve(''),
    readStdin: async () => Buffer.alloc(0),
  }));
  return { status, out, err };
}

test('shows what a kernel would make of a blob, overlays included; the flag beats a host of the environment', async () => {
  const bare = await run('inspect', 'devices', '--dtb', 'board.dtb');
  expect(bare).toMatchObject({ status: ExitStatus.done, err: '' });
  expect(bare.out).not.toContain('4000.dma');
  expect((await run('inspect', 'devices', '--dtb', 'board.dtb', '--dtbo', 'on.dtbo')).out).toContain('4000.dma');
});

test('saves a blob as a snapshot that plans the same', async () => {
  const tree = ['--dtb', 'board.dtb', '--dtbo', 'on.dtbo'];
  expect(await run('capture', ...tree, '-o', 'board.json')).toMatchObject({ status: ExitStatus.done });
  const text = readFileSync(join(folder, 'board.json'), 'utf8');
  expect(text).toContain('"origin": "device-tree"');
  expect(text).not.toContain('local-mac-address');
  expect((await run('inspect', '--host', 'board.json')).out).toBe((await run('inspect', ...tree)).out);
});

test('refuses up and down with a blob in words, and touches nothing', async () => {
  for (const verb of ['up', 'down']) {
    const { status, err } = await run(verb, '--dtb', 'board.dtb');
    expect(status).toBe(ExitStatus.usage);
    expect(err).toContain('capture --dtb');
  }
});

test('says what is wrong with a blob, for every verb that plans', async () => {
  for (const verb of [
    ['plan', 'one.yaml'],
    ['validate', 'one.yaml'],
    ['config', 'one.yaml'],
    ['inspect'],
    ['capture'],
  ]) {
    const { err } = await run(...verb, '--dtb', 'one.yaml');
    expect(err).toContain('device-tree-malformed');
  }
});

test('refuses two machines at once, and an overlay of nothing', () => {
  expect(() => globalOptions({ dtb: 'a', host: 'b' }, {})).toThrow(UsageError);
  expect(() => globalOptions({ dtbo: ['a'] }, {})).toThrow(UsageError);
  expect(globalOptions({ dtb: 'a', dtbo: ['b', 'c'] }, { VFIO_COMPOSE_HOST: 'x' })).toMatchObject({
    tree: { dtb: 'a', dtbo: ['b', 'c'] },
  });
});

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from './sources.ts';

const PAGE = readFileSync(join(ROOT, 'docs', 'writing-a-reset-plugin.md'), 'utf8');

/** A code block: its language, the file that it is, and its text. */
interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const BLOCKS: readonly Block[] = [...PAGE.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', file, text = '']) => ({ language, file, text }),
);

/** The folder in which a reader follows the page: far from the checkout, with vfio-compose installed. */
let folder: string;
let bin: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfio-compose-tutorial-'));
  bin = mkdtempSync(join(tmpdir(), 'vfio-compose-bin-'));
  const command = join(bin, 'vfio-compose');
  const loader = join(ROOT, 'node_modules/tsx/dist/esm/index.mjs');
  writeFileSync(command, `#!/bin/sh\nexec node --import ${loader} ${join(ROOT, 'src/cli/main.ts')} "$@"\n`);
  chmodSync(command, 0o755);
  // What `npm install vfio-compose` brings for the plugin's own tests.
  const installed = join(folder, 'node_modules', 'vfio-compose');
  mkdirSync(installed, { recursive: true });
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'vfio-compose', type: 'module', exports: { './plugin': './plugin.js' } }),
  );
  buildSync({
    entryPoints: [join(ROOT, 'src/plugin/index.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: join(installed, 'plugin.js'),
  });
});
afterAll(() => {
  for (const made of [folder, bin]) rmSync(made, { recursive: true, force: true });
});

/** Runs one line of a block as a reader would, and returns what it printed. */
function run(line: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', line], {
    cwd: folder,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder },
    encoding: 'utf8',
    timeout: 300_000,
  });
  expect({ line, status, stderr: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ line, status: 0, stderr: '' });
  return stdout;
}

test('R-RESET-6: the tutorial goes from a data sheet to a package, every command of it', { timeout: 900_000 }, () => {
  const printed = new Map<string, string>();
  for (const { language, file, text } of BLOCKS) {
    if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    } else if (language === 'sh') {
      for (const line of text.trim().split('\n')) printed.set(line, run(line));
    }
  }
  expect(printed.size).toBeGreaterThan(8);
  const of = (part: string) => [...printed].find(([line]) => line.includes(part))?.[1] ?? '';
  expect(of('plugin list')).toMatch(/^acme-dma +0\.1\.0 +reset +\.\/reset-acme-dma +compatible acme,dma-3$/m);
  expect(of('plugin info')).toContain('drainMilliseconds (integer, default 10)');
  const plan = of('plan --host');
  const shown = BLOCKS.filter(({ language, text }) => language === 'text' && text.startsWith('pwrite'));
  expect(shown).toHaveLength(1);
  for (const part of shown.flatMap(({ text }) => text.trim().split(/ {2,}|\n/))) expect(plan).toContain(part);
  for (const name of [
    'IRQ_ENABLE = 0x0',
    'DMA_CONTROL: clear RUN',
    'DMA_CONTROL until BUSY clear',
    'RESET: set SOFT',
  ]) {
    expect(plan, 'the names of the data sheet stand in the plan').toContain(name);
  }
  expect(of('ps --host')).toMatch(/^copy +running /m);
  expect(of('npm pack')).toContain('vfio-compose-plugin-reset-acme-dma-0.1.0.tgz');
});

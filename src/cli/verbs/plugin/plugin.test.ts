import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { directoryWith } from '../../../testing/directory.ts';
import { recordingTerminal } from '../../../testing/index.ts';
import { pluginPackage, resetPluginCode, widgetFolder } from '../../../testing/plugin-folder.ts';
import { commandOf } from '../../run.ts';
import { globalOptions } from '../../global-options.ts';
import type { Terminal } from '../../verb.ts';
import { verb } from '../plugin.ts';

async function run(cwd: string, args: readonly string[], person: Partial<Terminal> = {}) {
  const terminal = recordingTerminal({ cwd, ...person });
  const command = commandOf(verb).exitOverride();
  command.parse([...args], { from: 'user' });
  const options = command.opts<Record<string, unknown>>();
  const status = await verb.run({ args: command.args, options, global: globalOptions(options, {}), terminal });
  return { status, ...terminal.output };
}

const MANIFEST = 'version: 1\nplugins: [./widget]\ndevices: { nic0: "0000:01:00.0" }\n';

const withManifest = (members: Readonly<Record<string, string>> = {}): string =>
  directoryWith({
    'vfio-compose.yaml': MANIFEST,
    'widget/package.json': pluginPackage('reset-widget'),
    'widget/index.js': resetPluginCode('widget', members),
  });

test('list shows the plugins that come along and those of the manifest, with where they are from', async () => {
  const { status, out } = await run(withManifest(), ['list']);
  expect(status).toBe(0);
  expect(out).toMatch(/^widget +0\.1\.0 +reset +\.\/widget +compatible acme,widget$/m);
  expect(out).toMatch(/ built-in +\S/);
});

test('list says which plugin cannot be used and why, and ends with 8', async () => {
  const { status, out, err } = await run(withManifest({ quiesce: '1' }), ['list', '-o', 'json']);
  expect(status).toBe(8);
  const { unusable } = JSON.parse(out) as { unusable: unknown[] };
  expect(unusable).toMatchObject([{ id: 'reset-widget', from: './widget', code: 'plugin-contract' }]);
  expect(err).toContain('vfio-compose.yaml:2:11');
});

test('info shows what a plugin is for, its options with their documentation, and its laws', async () => {
  const options =
    '{ type: "object", properties: { rings: { type: "integer", default: 4, description: "How many." } }, required: ["rings"] }';
  const laws =
    '[{ id: "widget-law", reports: [{ code: "widget-odd", severity: "error", summary: "Odd" }], check: () => [] }]';
  const folder = withManifest({ options, laws });
  const { status, out } = await run(folder, ['info', 'widget']);
  expect(status).toBe(0);
  for (const said of [
    'compatible acme,widget',
    'rings (integer, required, default 4): How many.',
    'error widget-odd: Odd',
  ]) {
    expect(out).toContain(said);
  }
  const json = await run(folder, ['info', './widget', '-o', 'json']);
  expect(JSON.parse(json.out)).toMatchObject({ plugins: [{ name: 'widget', from: './widget', readme: null }] });
});

test('info of a name that there is not suggests one', async () => {
  const { status, err } = await run(withManifest(), ['info', 'widgit']);
  expect(status).toBe(8);
  expect(err).toContain('Did you mean "widget"?');
});

test.each([
  ['reset', ['--compatible', 'acme,dma-3', '--register', 'IRQ=0x10', '--register', 'CONTROL=4:RUN@0,BUSY@5']],
  ['iommu', []],
])('new %s writes a package that passes test as it is', async (kind, options) => {
  const cwd = directoryWith({});
  const made = await run(cwd, ['new', kind, 'my-thing', ...options]);
  expect(made.status).toBe(0);
  const { status, out } = await run(cwd, ['test', `${kind}-my-thing`]);
  expect({ status, out: out.match(/FAIL.*/g) }).toEqual({ status: 0, out: null });
  const again = run(cwd, ['new', kind, 'my-thing', ...options]);
  await expect(again).rejects.toThrow('not empty');
});

test('new takes registers with their offsets and bits, and where none are given says that they are placeholders', async () => {
  const cwd = directoryWith({});
  await run(cwd, ['new', 'reset', 'a', '--register', 'CTRL=0x20:GO@3,STOP', '--dir', 'x']);
  const code = readFileSync(join(cwd, 'x/index.js'), 'utf8');
  expect(code).toContain('CTRL: { offset: 0x20, bits: { GO: 1 << 3, STOP: 1 << 4 } }');
  expect(code).not.toContain('TODO');
  await run(cwd, ['new', 'reset', 'b']);
  expect(readFileSync(join(cwd, 'reset-b/index.js'), 'utf8')).toContain('TODO');
});

test('new asks a person at a terminal for what is not said', async () => {
  const cwd = directoryWith({});
  const answers = ['acme,widget', 'IRQ=0x0', 'CTRL=0x4:RUN', ''];
  const ask = () => Promise.resolve(answers.shift() ?? '');
  await run(cwd, ['new', 'reset', 'w'], { interactive: true, ask });
  expect(answers).toEqual([]);
  const code = readFileSync(join(cwd, 'reset-w/index.js'), 'utf8');
  for (const said of ["compatible: 'acme,widget'", 'IRQ: { offset: 0x0 }', 'RUN: 1 }']) expect(code).toContain(said);
});

test.each([
  [['new', 'rest', 'a'], 'the kind'],
  [['new', 'reset', 'A b'], 'lower-case'],
  [['new', 'reset', 'a', '--compatible', 'a b'], 'no "compatible"'],
  [['new', 'reset', 'a', '--register', 'CTRL'], 'a register is'],
  [['new', 'reset', 'a', '--register', 'CTRL=2'], 'no register of four bytes'],
  [['new', 'reset', 'a', '--register', 'CTRL=0:RUN@32'], '0 to 31'],
  [['test'], 'the folder'],
  [['info'], 'the name'],
  [['list', 'x'], 'no name'],
  [['list', '-o', 'xml'], 'text or json'],
])('the command line %j is refused before anything is written', async (args, said) => {
  const cwd = directoryWith({});
  await expect(run(cwd, args)).rejects.toThrow(said);
  expect(existsSync(join(cwd, 'reset-a'))).toBe(false);
});

test('test says what is broken, law by law, and ends with 8', async () => {
  const { status, out } = await run(widgetFolder(), ['test', './widget']);
  expect(status).toBe(8);
  expect(out).toMatch(/^ok {3}it is found, says what it is, and can be loaded$/m);
  expect(out).toMatch(/^FAIL README\.md says what it is for$/m);
  const broken = await run(widgetFolder({ quiesce: '1' }), ['test', './widget', '-o', 'json']);
  expect(broken.status).toBe(8);
  expect((JSON.parse(broken.out) as { checks: unknown[] }).checks).toHaveLength(1);
});

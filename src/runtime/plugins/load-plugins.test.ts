import { chmodSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spanAt } from '../../testing/index.ts';
import { directoryWith } from '../../testing/directory.ts';
import { pluginPackage, resetPluginCode, widgetFolder } from '../../testing/plugin-folder.ts';
import { findInstalled } from './find-installed.ts';
import { builtinPlugins, loadPlugins, type PluginRequest } from './load-plugins.ts';

const AT = spanAt(['plugins', 0]);

const load = (folder: string, names: readonly string[], request: Partial<PluginRequest> = {}) =>
  loadPlugins({
    named: names.map((name) => ({ name, writtenIn: join(folder, 'vfio-compose.yaml'), at: AT })),
    options: false,
    asRoot: false,
    ...request,
  });

/** The one finding about the plugin of a folder, which must be an error of the manifest's. */
async function finding(folder: string, name = './widget', request: Partial<PluginRequest> = {}) {
  const { value, diagnostics } = await load(folder, [name], request);
  expect(value).toBeUndefined();
  expect(diagnostics).toHaveLength(1);
  const [diagnostic] = diagnostics;
  expect(diagnostic).toMatchObject({ severity: 'error', category: 'plugin', at: AT });
  return diagnostic;
}

test('R-RESET-6: a folder that the manifest lists is a plugin, and nothing of vfio-compose has to know it', async () => {
  const { value, diagnostics } = await load(widgetFolder(), ['./widget']);
  expect(diagnostics).toEqual([]);
  expect(value?.reset.map(({ name }) => name)).toContain('widget');
  expect(value?.loaded.find(({ plugin }) => plugin.name === 'widget')?.origin.kind).toBe('manifest');
});

test('a package is found in a node_modules folder above the manifest, whatever its "main" or "exports"', async () => {
  // Vitest leaves packages to Node, which cannot read the interface of a checkout.
  const code = (name: string) =>
    resetPluginCode(name).replace(
      /^import.*\n/,
      'const defineResetPlugin = (plugin) => ({ kind: "reset", api: 1, ...plugin });\n',
    );
  const folder = directoryWith({
    'node_modules/@acme/vfio-compose-plugin-reset-a/package.json': pluginPackage('reset-a', {
      exports: { '.': { import: './lib/a.js' } },
    }),
    'node_modules/@acme/vfio-compose-plugin-reset-a/lib/a.js': code('a'),
    'node_modules/b/package.json': pluginPackage('reset-b', { main: 'b.js' }),
    'node_modules/b/b.js': code('b'),
    'deep/er/vfio-compose.yaml': '',
  });
  const { value } = await load(join(folder, 'deep/er'), ['@acme/vfio-compose-plugin-reset-a', 'b']);
  expect(value?.reset.map(({ name }) => name)).toEqual(expect.arrayContaining(['a', 'b']));
});

test.each(['./gadget', './widgit', 'widget', 'vfio-compose-plugin-widget', '../x', 'a/b/c', '/nowhere'])(
  'plugin-missing: %s',
  async (name) => expect(await finding(widgetFolder(), name)).toMatchObject({ code: 'plugin-missing' }),
);

test('plugin-missing says what may have been meant', async () => {
  expect((await finding(widgetFolder(), './widgit'))?.detail).toContain('"widget"');
  expect((await finding(widgetFolder(), 'widget'))?.detail).toContain('write "./widget"');
});

test.each([
  ['no "vfio-compose"', { 'vfio-compose': undefined }],
  ['a kind that there is not', { 'vfio-compose': { kind: 'rest', name: 'widget', api: 1 } }],
  ['a name that is none', { 'vfio-compose': { kind: 'reset', name: 'Widget!', api: 1 } }],
  ['no api', { 'vfio-compose': { kind: 'reset', name: 'widget' } }],
])('plugin-metadata: %s', async (_, changes) => {
  expect(await finding(widgetFolder({}, changes))).toMatchObject({ code: 'plugin-metadata' });
});

test('plugin-metadata: a package.json that is no JSON', async () => {
  const folder = widgetFolder();
  writeFileSync(join(folder, 'widget/package.json'), '{');
  expect(await finding(folder)).toMatchObject({ code: 'plugin-metadata' });
});

test('plugin-api: of another version, of which no code runs', async () => {
  const folder = widgetFolder({}, { 'vfio-compose': { kind: 'reset', name: 'widget', api: 2 } });
  writeFileSync(join(folder, 'widget/index.js'), 'throw new Error("ran")');
  expect(await finding(folder)).toMatchObject({ code: 'plugin-api' });
});

test.each([
  ['throws', 'throw new Error("no luck")', 'no luck'],
  ['imports what is not there', 'import "./other.js"', 'other'],
])('plugin-not-loadable: code that %s', async (_, code, said) => {
  const folder = widgetFolder();
  writeFileSync(join(folder, 'widget/index.js'), code);
  const found = await finding(folder);
  expect(found).toMatchObject({ code: 'plugin-not-loadable' });
  expect(found?.detail).toContain(said);
});

test('plugin-not-loadable: a "main" that is not there or not in the package', async () => {
  const gone = widgetFolder({}, { main: 'gone.js' });
  expect(await finding(gone)).toMatchObject({ code: 'plugin-not-loadable' });
  expect(await finding(widgetFolder({}, { main: '../vfio-compose.yaml' }))).toMatchObject({
    code: 'plugin-not-loadable',
  });
});

test.each([
  ['another name', { name: '"gadget"' }, 'name is "gadget"'],
  ['no hook', { quiesce: 'undefined' }, 'quiesce is not a function'],
  ['a hook that is none', { reset: '{}' }, 'reset is not a function'],
  ['no matches', { matches: '[]' }, 'matches'],
  ['a match with both', { matches: '[{ compatible: "a,b", pci: {} }]' }, 'matches[0]'],
  ['an id that is none', { matches: '[{ pci: { vendor: "0x8086" } }]' }, 'vendor'],
  ['a class that is none', { matches: '[{ pci: { class: "20000" } }]' }, 'class'],
  ['a version that is none', { version: '"one"' }, 'version'],
  ['options that are no schema', { options: '{ ring: 1 }' }, 'options'],
  ['a law that is none', { laws: '[{ id: "a" }]' }, 'law'],
])('plugin-contract: %s', async (_, members, said) => {
  const found = await finding(widgetFolder(members));
  expect(found).toMatchObject({ code: 'plugin-contract' });
  expect(found?.detail).toContain(said);
});

test('plugin-contract: no default export', async () => {
  const folder = widgetFolder();
  writeFileSync(join(folder, 'widget/index.js'), 'export const plugin = {};');
  expect(await finding(folder)).toMatchObject({ code: 'plugin-contract' });
});

test('plugin-contract: an IOMMU plugin without what one needs, and one on another that is not there', async () => {
  const iommu = (members: string) =>
    `import { defineIommuPlugin } from 'vfio-compose/plugin';
    export default defineIommuPlugin({ name: 'widget', version: '0.1.0', summary: 'x', ${members} });`;
  const folder = widgetFolder({}, { 'vfio-compose': { kind: 'iommu', name: 'widget', api: 1 } });
  writeFileSync(join(folder, 'widget/index.js'), iommu('models: [{ name: "w" }]'));
  const found = await finding(folder);
  expect(found).toMatchObject({ code: 'plugin-contract' });
  for (const said of ['models', 'isolates', 'claims']) expect(found?.detail).toContain(said);

  const other = widgetFolder({}, { 'vfio-compose': { kind: 'iommu', name: 'widget', api: 1 } });
  const members = 'models: [{ name: "w", extension: 99 }], isolates: true, claims: () => "none", on: "nothing"';
  writeFileSync(join(other, 'widget/index.js'), iommu(members));
  expect((await finding(other))?.detail).toContain('iommu-nothing');
});

test('plugin-twice: two entries with one name are an error', async () => {
  const folder = directoryWith({
    'a/package.json': pluginPackage('reset-widget'),
    'a/index.js': resetPluginCode('widget'),
    'b/package.json': pluginPackage('reset-widget'),
    'b/index.js': resetPluginCode('widget'),
  });
  const { value, diagnostics } = await load(folder, ['./a', './b']);
  expect(value).toBeUndefined();
  expect(diagnostics).toMatchObject([{ code: 'plugin-twice', severity: 'error', at: AT }]);
});

test('a broken plugin that nobody named is a warning, and the others are there', async () => {
  const folder = directoryWith({
    'node_modules/vfio-compose-plugin-reset-bad/package.json': '{}',
    'node_modules/vfio-compose-plugin-reset-good/package.json': pluginPackage('reset-good'),
    'node_modules/@acme/vfio-compose-plugin-reset-c/package.json': pluginPackage('reset-c'),
    'node_modules/something-else/package.json': '{}',
  });
  const found = findInstalled(join(folder, 'node_modules')).map((each) => each.folder.slice(folder.length));
  expect(found).toEqual([
    '/node_modules/@acme/vfio-compose-plugin-reset-c',
    '/node_modules/vfio-compose-plugin-reset-bad',
    '/node_modules/vfio-compose-plugin-reset-good',
  ]);
  expect(findInstalled(folder), 'a checkout is not installed').toEqual([]);
});

test('the plugins that come along can all be used', async () => {
  expect((await builtinPlugins()).unusable.size).toBe(0);
});

const UNSAFE: readonly (readonly [string, (folder: string) => void])[] = [
  ['a file that everybody may write', (folder) => chmodSync(join(folder, 'widget/index.js'), 0o666)],
  ['a folder that its group may write', (folder) => chmodSync(join(folder, 'widget'), 0o775)],
  ['a folder above that everybody may write', (folder) => chmodSync(folder, 0o777)],
  [
    'a link to another place',
    (folder) => {
      renameSync(join(folder, 'widget/index.js'), join(folder, 'elsewhere.js'));
      symlinkSync('../elsewhere.js', join(folder, 'widget/index.js'));
    },
  ],
];

test.each(UNSAFE)('plugin-unsafe: as root, %s', async (_, spoil) => {
  const folder = widgetFolder();
  const trusted = await load(folder, ['./widget'], { asRoot: true });
  expect(trusted.diagnostics).toEqual([]);
  spoil(folder);
  expect((await load(folder, ['./widget'])).diagnostics, 'who is not root runs it as himself').toEqual([]);
  expect(await finding(folder, './widget', { asRoot: true })).toMatchObject({ code: 'plugin-unsafe' });
});

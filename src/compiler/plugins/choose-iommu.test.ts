import { expect, it } from 'vitest';
import { defineDiagnostic, type IommuPlugin, indexHost, type VmManifest } from '../../model/index.ts';
import { answers, fakeIommu, pluginSet } from '../../testing/fake-plugins.ts';
import { host, manifestFrom } from '../../testing/index.ts';
import { chooseIommu } from './choose-iommu.ts';

const machine = indexHost(host().intelIommu().build());
const HERE = 'vms/a/iommu';

type Unusable = NonNullable<Parameters<typeof pluginSet>[0]['unusable']>;

/** What a VM gets, and what is said of it as `code at place`. */
function choose(iommu: readonly IommuPlugin[], written?: VmManifest['iommu'], unusable: Unusable = {}) {
  const vm: VmManifest = written === undefined ? { devices: {} } : { devices: {}, iommu: written };
  const manifest = manifestFrom({ version: 1, vms: { a: vm } });
  const chosen = chooseIommu(vm, ['vms', 'a'], manifest, machine, pluginSet({ iommu, unusable }));
  const found = chosen.diagnostics.map(({ code, at }) => `${code} at ${at?.file}`);
  return { ...chosen.iommu, names: chosen.iommu.plugins.map(({ name }) => name), found, said: chosen.diagnostics };
}

const generic = fakeIommu('generic', { models: [models('v1', 1), models('v2', 3)] });
const exact = fakeIommu('exact', { models: [models('v2', 3)], claims: () => 'exact' });
const unsafe = fakeIommu('unsafe', { models: [models('bare', 8)], isolates: false, claims: () => 'none' });
const absent = fakeIommu('absent', { models: [models('windows', null)], claims: () => 'none' });

function models(name: string, extension: number | null) {
  return { name, extension };
}

it('takes the plugin that knows the hardware of the host before one that would work, in any order', () => {
  for (const all of [
    [generic, exact, unsafe],
    [unsafe, exact, generic],
  ]) {
    expect(choose(all)).toMatchObject({ names: ['exact'], type: 'v2', extension: 3, isolates: true, found: [] });
  }
});

it('takes the first model of a plugin, unless the manifest names another', () => {
  expect(choose([generic, unsafe])).toMatchObject({ names: ['generic'], type: 'v1', extension: 1 });
  expect(choose([generic, unsafe], 'v2')).toMatchObject({ names: ['generic'], type: 'v2', extension: 3 });
  expect(choose([generic, exact], { type: 'v2' })).toMatchObject({ names: ['exact'], type: 'v2' });
  expect(choose([generic, exact], 'v1')).toMatchObject({ names: ['generic'], type: 'v1' });
});

it('takes the plugin that the manifest names, with its kind or without', () => {
  for (const plugin of ['generic', 'iommu-generic']) {
    expect(choose([generic, exact], { plugin, type: 'v2' })).toMatchObject({ names: ['generic'], found: [] });
  }
});

it('R-GROUP-3: takes what isolates nothing only where the manifest names it, by its model or by its plugin', () => {
  const none = choose([unsafe]);
  expect(none.found).toEqual([`plugin-not-found at ${HERE}`]);
  expect(none.said[0]?.detail).toContain('No IOMMU plugin claims this host');
  expect(none.said[0]?.detail).toContain('bare');
  expect(choose([unsafe, generic]).names).toEqual(['generic']);
  for (const written of ['bare', { type: 'bare' }, { plugin: 'unsafe' }]) {
    expect(choose([unsafe, generic], written)).toMatchObject({ names: ['unsafe'], isolates: false, found: [] });
  }
});

it('prefers a claim even among the plugins with the model that is named', () => {
  const twin = fakeIommu('twin', { models: [models('v1', 1)], claims: () => 'none' });
  expect(choose([twin, generic], 'v1').names).toEqual(['generic']);
});

it('two that fit equally are an error that names both', () => {
  const twin = fakeIommu('twin', { models: [models('v2', 3)], claims: () => 'exact' });
  const { found, said } = choose([exact, generic, twin]);
  expect(found).toEqual([`plugin-ambiguous at ${HERE}`]);
  expect(said[0]?.detail).toContain('iommu-exact and iommu-twin fit equally well');
  expect(choose([exact, twin], { plugin: 'twin' })).toMatchObject({ names: ['twin'], found: [] });
});

it('goes through the plugins that one builds on, and no further', () => {
  const base = fakeIommu('base', { claims: () => 'generic' });
  const middle = fakeIommu('middle', { on: 'base', claims: () => 'none' });
  const top = fakeIommu('top', { on: 'middle', claims: () => 'exact' });
  expect(choose([base, generic, middle, top]).names).toEqual(['top', 'middle', 'base']);
});

it('takes the number of a model from the backend that the nearest plugin finds on the host', () => {
  const backend = { name: 'windows', extension: 0x1001, properties: {} };
  const base = fakeIommu('base', { backend: () => backend });
  const top = fakeIommu('top', { on: 'base', models: [models('windows', null)], claims: () => 'exact' });
  expect(choose([base, top]).extension).toBe(0x1001);
  expect(choose([absent], 'windows')).toMatchObject({ extension: 0, found: [] });
});

it('R-NAME-3: says which name was meant, of plugins and of models, at the place of the name', () => {
  const plugin = choose([generic, exact], { plugin: 'generik' });
  expect(plugin.found).toEqual([`plugin-not-found at ${HERE}/plugin`]);
  expect(plugin.said[0]?.detail).toContain('generic');
  const short = choose([generic], 'v3');
  expect(short.found).toEqual([`plugin-not-found at ${HERE}`]);
  expect(short.said[0]?.detail).toMatch(/"v3".*v1|"v3".*v2/);
  expect(choose([generic], { type: 'zzzzzz' }).found).toEqual([`plugin-not-found at ${HERE}/type`]);
  expect(choose([generic], { type: 'zzzzzz' }).said[0]?.detail).toContain('IOMMU models are v1, v2');
});

it('says that a plugin lacks the model which another has, where both are named', () => {
  expect(choose([generic, exact], { plugin: 'exact', type: 'v1' }).found).toEqual([`plugin-not-found at ${HERE}/type`]);
});

it('says what is wrong with a plugin that cannot be used, as an error where it is named', () => {
  const broken = defineDiagnostic({
    code: 'tested-unusable',
    severity: 'warning',
    category: 'plugin',
    summary: '',
    explanation: '',
  });
  const unusable = { 'iommu-mine': broken({ detail: 'It is broken.' }) };
  for (const plugin of ['mine', 'iommu-mine']) {
    const { found, said } = choose([generic], { plugin }, unusable);
    expect(found).toEqual([`tested-unusable at ${HERE}/plugin`]);
    expect(said[0]?.severity).toBe('error');
  }
});

it('names the plugin and the hook that fail', () => {
  const throws = () => {
    throw new Error('no such register');
  };
  const claims = choose([generic, fakeIommu('mine', { claims: throws })]);
  expect(claims.found).toEqual([`plugin-failed at ${HERE}`]);
  expect(claims.said[0]?.detail).toBe('plugin iommu-mine@1.2.3 failed in claims: no such register.');
  const backend = choose([fakeIommu('mine', { backend: throws })]);
  expect(backend.found).toEqual([`plugin-failed at ${HERE}`]);
  expect(backend.said[0]?.detail).toContain('iommu-mine@1.2.3 failed in backend');
});

it('takes a claim that there is not for none', () => {
  expect(choose([fakeIommu('mine', { claims: answers('maybe') })]).found).toEqual([`plugin-not-found at ${HERE}`]);
});

it('fills in the defaults of options, and points at what does not fit', () => {
  const optioned = fakeIommu('optioned', {
    options: { type: 'object', properties: { windows: { type: 'integer', default: 4 } } },
  });
  expect(choose([optioned]).options).toEqual({ windows: 4 });
  expect(choose([optioned], { options: { windows: 'many' } }).found).toEqual([
    `plugin-options at ${HERE}/options/windows`,
  ]);
});

import { expect, it } from 'vitest';
import {
  type Diagnostic,
  indexHost,
  type IommuPlugin,
  type ManifestDocument,
  type PluginSet,
  type ResetMoment,
  type ResetPlugin,
  type ResolvedManifest,
  type VmManifest,
} from '../../model/index.ts';
import { answers, fakeIommu, fakeReset, pluginSet, WIDGET_OFF } from '../../testing/fake-plugins.ts';
import { host, manifestFrom } from '../../testing/index.ts';
import { soc } from '../../testing/soc.ts';
import { resolveManifest } from '../resolve/resolve.ts';
import { askPlugins } from './ask.ts';
import { checkPluginLaws } from './laws.ts';

const WIDGET = '40000.widget';
const NIC = '0000:01:00.0';
const machine = indexHost(
  host()
    .smmuV3()
    .tree(soc({ 'widget@40000': { compatible: 'acme,widget', reg: [0x4_0000, 0x1000] } }))
    .platform(WIDGET, { treePath: '/soc/widget@40000', group: 5 })
    .nic(NIC, { group: 5 })
    .build(),
);
const HERE = 'vms/a/devices/it/reset';

/** A VM of the machine with the widget, and the plugins that it is resolved and asked with. */
interface Case {
  readonly reset?: ResetPlugin;
  readonly iommu?: readonly IommuPlugin[];
  readonly vm?: Partial<VmManifest>;
}

const widgetBy = (members: Parameters<typeof fakeReset>[1] = {}) =>
  fakeReset('mine', { matches: [{ compatible: 'acme,widget' }, { pci: {} }], ...members });

function resolved({ reset = widgetBy(), iommu = [fakeIommu('mapped')], vm = {} }: Case): [ResolvedManifest, PluginSet] {
  const plugins = pluginSet({ reset: [reset], iommu });
  const one = { memory: [{ iova: '0', size: '4MiB' }], devices: { it: { platform: WIDGET } }, ...vm };
  const document = { version: 1, vms: { a: one } } as ManifestDocument;
  const { value, diagnostics } = resolveManifest(manifestFrom(document), machine, plugins);
  if (!value || diagnostics.length > 0) throw new Error(`the manifest does not resolve: ${diagnostics[0]?.detail}`);
  return [value, plugins];
}

function ask(one: Case) {
  const [manifest, plugins] = resolved(one);
  const { value, diagnostics } = askPlugins(manifest, machine, plugins);
  const [vm] = manifest.vms;
  const [entry] = vm?.devices ?? [];
  return {
    diagnostics,
    plugins: value?.plugins,
    asked: [...(value?.devices.keys() ?? [])].map(({ device }) => device.address),
    device: entry && value?.devices.get(entry),
    domain: vm && value?.domains.get(vm),
  };
}

const places = (found: readonly Diagnostic[]) => found.map(({ code, at }) => `${code} at ${at?.file}`);

const throws = (): never => {
  throw new Error('no such ring');
};

it('asks a reset plugin what it wants at each moment, and lists the plugins by name', () => {
  const moments: ResetMoment[] = [];
  const reset = widgetBy({
    quiesce: (target, options, moment) => {
      expect(target).toMatchObject({ device: { address: WIDGET }, compatible: ['acme,widget'], pci: null });
      expect(target.regions).toEqual([{ index: 0, size: 0x1000n, name: null }]);
      expect(options).toEqual({});
      moments.push(moment);
      return WIDGET_OFF;
    },
    reset: (_target, _options, moment) => [{ kind: 'kernel-reset', why: moment }],
  });
  const { diagnostics, device, plugins } = ask({ reset });
  expect(diagnostics).toEqual([]);
  expect(moments).toEqual(['before-use', 'after-use', 'after-crash']);
  expect(device).toMatchObject({ plugin: 'reset-mine', beforeUse: { quiesce: WIDGET_OFF } });
  expect([device?.beforeUse, device?.afterUse, device?.afterCrash].map((program) => program?.reset[0])).toMatchObject([
    { why: 'before-use' },
    { why: 'after-use' },
    { why: 'after-crash' },
  ]);
  expect(plugins).toEqual([
    { name: 'iommu-mapped', version: '1.2.3' },
    { name: 'reset-mine', version: '1.2.3' },
  ]);
});

it('R-RESET-3: with `reset: none` silences the device all the same, and does not reset it', () => {
  const reset = widgetBy({ reset: () => [{ kind: 'kernel-reset', why: 'x' }] });
  const { device } = ask({ reset, vm: { devices: { it: { platform: WIDGET, reset: 'none' } } } });
  expect(device?.beforeUse).toEqual({ quiesce: WIDGET_OFF, reset: [] });
  expect(device?.afterCrash).toEqual({ quiesce: WIDGET_OFF, reset: [] });
});

it('asks nothing of a device that is only taken from its driver', () => {
  const vm = { devices: { it: { platform: WIDGET, group: 'detach' } } } as Partial<VmManifest>;
  const [manifest] = resolved({ vm });
  expect(manifest.vms[0]?.devices.map(({ device, use }) => [device.address, use])).toEqual([
    [WIDGET, 'assign'],
    [NIC, 'detach'],
  ]);
  expect(ask({ vm })).toMatchObject({ diagnostics: [], asked: [WIDGET] });
});

it.each(['quiesce', 'reset'] as const)('names the plugin, its version and the hook where %s throws', (hook) => {
  const { diagnostics, device } = ask({ reset: widgetBy({ [hook]: throws }) });
  expect(device).toBeUndefined();
  expect(new Set(places(diagnostics))).toEqual(new Set([`plugin-failed at ${HERE}`]));
  expect(diagnostics[0]?.detail).toBe(
    `plugin reset-mine@1.2.3 failed in ${hook}: no such ring (asked about ${WIDGET}).`,
  );
});

it('R-RESET-2: names the plugin, the hook and the device where a program reaches elsewhere', () => {
  const far = widgetBy({ quiesce: () => WIDGET_OFF, reset: answers([{ kind: 'peek', why: 'x' }]) });
  const { diagnostics } = ask({ reset: far });
  expect(new Set(places(diagnostics))).toEqual(new Set([`plugin-nonsense at ${HERE}`]));
  expect(diagnostics[0]?.detail).toContain(`plugin reset-mine@1.2.3, reset of ${WIDGET}: action 1 is of the kind`);
  expect(places(ask({ reset: widgetBy({ quiesce: answers(undefined) }) }).diagnostics)).toContain(
    `plugin-nonsense at ${HERE}`,
  );
});

it.each(['after-use', 'after-crash'] as const)(
  'R-ORDER-4, R-RESET-1: refuses a plugin that leaves it loud %s',
  (left) => {
    const reset = widgetBy({ quiesce: (_target, _options, moment) => (moment === left ? [] : WIDGET_OFF) });
    const { diagnostics } = ask({ reset });
    expect(places(diagnostics)).toEqual([`plugin-nonsense at ${HERE}`]);
    expect(diagnostics[0]?.detail).toContain(`quiesce of ${WIDGET}: after`);
  },
);

it('takes from the plugin that one builds on what it leaves out itself', () => {
  const mapping = { memory: 0, offset: 0n, iova: 0n, size: 1n << 20n };
  const info = { kind: 'check-info', subject: 'info', cause: 'x', pageSize: 4096n, ranges: [], mappings: 1 };
  const base = fakeIommu('base', { mappings: answers([mapping]), configure: answers([info]), claims: () => 'none' });
  const top = fakeIommu('top', { on: 'base', configure: answers([]), claims: () => 'exact' });
  const { domain, plugins } = ask({ iommu: [base, top] });
  expect(domain).toMatchObject({
    plugin: 'iommu-top',
    parameters: [],
    configure: [],
    mappings: [mapping],
    complete: [],
  });
  expect(plugins?.map(({ name }) => name)).toEqual(['iommu-base', 'iommu-top', 'reset-mine']);
});

it('asks for parameters alone where somebody else builds the domain, and for no mappings without an IOMMU', () => {
  const hooks = { configure: throws, mappings: throws, complete: throws, parameters: answers([]) };
  const bound = { handoff: { mode: 'bind' } } as Partial<VmManifest>;
  expect(ask({ iommu: [fakeIommu('mapped', hooks)], vm: bound }).diagnostics).toEqual([]);
  const open = fakeIommu('open', { mappings: throws, isolates: false });
  expect(ask({ iommu: [open] }).diagnostics).toEqual([]);
});

it.each(['parameters', 'configure', 'mappings', 'complete'] as const)(
  'names the IOMMU plugin and the VM where %s throws, or returns nonsense',
  (hook) => {
    const failed = ask({ iommu: [fakeIommu('mapped', { [hook]: throws })] }).diagnostics;
    expect(places(failed)).toEqual(['plugin-failed at vms/a/iommu']);
    expect(failed[0]?.detail).toBe(`plugin iommu-mapped@1.2.3 failed in ${hook}: no such ring (asked about a).`);
    const odd = ask({ iommu: [fakeIommu('mapped', { [hook]: answers('much') })] }).diagnostics;
    expect(places(odd)).toEqual(['plugin-nonsense at vms/a/iommu']);
    expect(odd[0]?.detail).toContain(`plugin iommu-mapped@1.2.3, ${hook} of a: it is no list of`);
  },
);

it('refuses steps before and after the mappings that are about the same', () => {
  const info = { kind: 'check-info', subject: 'info', cause: 'x', pageSize: 4096n, ranges: [], mappings: 1 };
  const twice = fakeIommu('mapped', { configure: answers([info]), complete: answers([info]) });
  expect(places(ask({ iommu: [twice] }).diagnostics)).toEqual(['plugin-nonsense at vms/a/iommu']);
});

const law = (id: string, check: () => Iterable<Diagnostic>, reports: never[] = []) => ({ id, reports, check });
const findings = (one: Case) => {
  const [manifest, plugins] = resolved(one);
  return checkPluginLaws(manifest, machine, plugins);
};

it('refuses a law that reports what it does not declare, and names it', () => {
  const stranger = { code: 'undeclared' } as Diagnostic;
  for (const [one, at] of [
    [{ reset: widgetBy({ laws: [law('mine', () => [stranger])] }) }, HERE],
    [{ iommu: [fakeIommu('mapped', { laws: [law('mine', () => [stranger])] })] }, 'vms/a/iommu'],
  ] as const) {
    const found = findings(one);
    expect(places(found)).toEqual([`plugin-failed at ${at}`]);
    expect(found[0]?.detail).toContain('@1.2.3: its law mine reports undeclared, which it does not declare');
  }
});

it('refuses a law that throws, or that finds what is no finding', () => {
  const found = findings({ reset: widgetBy({ laws: [law('mine', throws)] }) });
  expect(places(found)).toEqual([`plugin-failed at ${HERE}`]);
  expect(found[0]?.detail).toContain('reset-mine@1.2.3 failed in law mine: no such ring');
  for (const nothing of [[null], undefined, ['text']]) {
    const odd = findings({ reset: widgetBy({ laws: [law('mine', answers(nothing))] }) });
    expect(places(odd)).toEqual([`plugin-failed at ${HERE}`]);
  }
});

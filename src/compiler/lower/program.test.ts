import { expect, it } from 'vitest';
import { indexHost, type Plan, type ResetAction, type ResetPlugin, type Step } from '../../model/index.ts';
import { delay, when } from '../../plugin/index.ts';
import { fakeReset, pluginSet, WIDGET_OFF, widget } from '../../testing/fake-plugins.ts';
import { host, manifestFrom, spanAt } from '../../testing/index.ts';
import { lowerFor } from '../../testing/plan.ts';
import {
  midwayHost,
  platformPlan,
  platformVm,
  resolvedPlatform,
  smmuHost,
  XGBE,
  XGMAC,
} from '../../testing/platform-plan.ts';
import { testPlugins } from '../../testing/plugins.ts';
import { silencedPlan, xgmacPlan } from '../../testing/program-plans.ts';
import { resolvedReset } from '../../testing/resolved-iommu.ts';
import { resolveManifest } from '../resolve/resolve.ts';
import { verifyPlan } from '../verify/verify.ts';

/** The ids of steps that have to do with silencing a device, and of what that must come before or after. */
const ids = (steps: readonly Step[] = []): string[] =>
  steps
    .map(({ id }) => id)
    .filter((id) => /region|delay|reset|map-dma|irqs|open-device|close:(device|group)|bind-driver/.test(id));

it('R-ORDER-1, R-ORDER-2, R-ORDER-3: silences a device once it is open, then resets it, then maps memory', () => {
  expect(ids(silencedPlan().up)).toEqual([
    `unbind-driver:${XGBE}`,
    `bind-driver:${XGBE}`,
    `open-device:${XGBE}`,
    `check-region-info:${XGBE}/0`,
    `check-region-info:${XGBE}/1`,
    `write-region:${XGBE}/quiesce/0`,
    `expect-region:${XGBE}/quiesce/1`,
    `modify-region:${XGBE}/quiesce/2`,
    `expect-region:${XGBE}/quiesce/3`,
    `modify-region:${XGBE}/quiesce/4`,
    `expect-region:${XGBE}/quiesce/5`,
    `delay:${XGBE}/quiesce/6`,
    `reset-device:${XGBE}/kernel`,
    'map-dma:edge/0',
    `set-irqs:${XGBE}/0`,
  ]);
});

it('R-ORDER-4: on the way back takes the interrupts, silences, resets, and only then unmaps and closes', () => {
  expect(ids(silencedPlan().down)).toEqual([
    `back:clear-irqs:${XGBE}/0`,
    `back:write-region:${XGBE}/quiesce/0`,
    `back:expect-region:${XGBE}/quiesce/1`,
    `back:modify-region:${XGBE}/quiesce/2`,
    `back:expect-region:${XGBE}/quiesce/3`,
    `back:modify-region:${XGBE}/quiesce/4`,
    `back:expect-region:${XGBE}/quiesce/5`,
    `back:delay:${XGBE}/quiesce/6`,
    `back:reset-device:${XGBE}/kernel`,
    'back:unmap-dma:edge/0',
    `back:close:device:${XGBE}`,
    'back:close:group:5',
    `back:unbind-driver:${XGBE}`,
    `back:bind-driver:${XGBE}`,
  ]);
});

it('each step of a program waits for the one before, and the first for the regions that it reaches into', () => {
  const { up } = xgmacPlan();
  const program = up.filter((step) => 'part' in step);
  expect(program[0]?.dependsOn).toContain(`check-region-info:${XGMAC}/0`);
  for (const [at, step] of program.entries()) {
    if (at > 0) expect(step.dependsOn).toEqual([program[at - 1]?.id]);
  }
});

const kinds = (steps: readonly Step[] = []) => steps.map(({ kind }) => kind);
const PROGRAM = ['write', 'expect', 'modify', 'expect', 'modify', 'expect'].map((kind) => `${kind}-region`);
const OPENING = (group: string) => [
  'open-container',
  'check-api-version',
  group,
  'check-group-viable',
  'set-container',
  'set-iommu',
  'open-device',
  'check-region-info',
];
const CLOSING = ['close', 'unset-container', 'close', 'close'];

it('R-RESET-1: a recovery opens the device through a container of its own, silences it, and closes all', () => {
  const { recover, up } = silencedPlan();
  expect(kinds(recover)).toEqual([...OPENING('open-group'), ...PROGRAM, 'delay', ...CLOSING]);
  expect(kinds(xgmacPlan().recover)).toEqual([...OPENING('open-noiommu-group'), ...PROGRAM, 'delay', ...CLOSING]);
  expect(new Set(recover?.map(({ undoes }) => undoes))).toEqual(new Set([`bind-driver:${XGBE}`]));
  expect(new Set(recover?.map(({ resource }) => resource))).toEqual(new Set([`device ${XGBE}`]));
  expect(up.map(({ id }) => id)).toContain(`bind-driver:${XGBE}`);
  expect(recover?.every(({ id }) => id.startsWith('recover:'))).toBe(true);
});

it('R-RESET-1: a recovery of a device that was on VFIO before stands for the step that waits for its group', () => {
  const of = (plan: Plan) => new Set(plan.recover?.map(({ undoes }) => undoes));
  const smmu = smmuHost().changePlatform(XGBE, { driver: 'vfio-platform' }).build();
  expect(of(silencedPlan(smmu))).toEqual(new Set(['wait-node:/dev/vfio/5']));
  const midway = midwayHost()
    .module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'Y' })
    .changePlatform(XGMAC, { driver: 'vfio-platform' })
    .build();
  expect(of(xgmacPlan(midway))).toEqual(new Set([`wait-noiommu-node:${XGMAC}`]));
  for (const plan of [silencedPlan(smmu), xgmacPlan(midway)]) expect(verifyPlan(plan)).toEqual([]);
});

it('R-RESET-1: a device that is only bound for somebody else is silenced when that one is gone, and not before', () => {
  const handoff = { mode: 'bind', at: spanAt(['here']), user: null, group: null, permissions: null } as const;
  const plan = platformPlan(smmuHost().build(), (index) =>
    platformVm('type1v2', [resolvedPlatform(index, XGBE, { resetBy: resolvedReset('calxeda-xgmac') })], { handoff }),
  );
  expect(plan.up.filter((step) => 'part' in step)).toEqual([]);
  expect(kinds(plan.recover)).toEqual([...OPENING('open-group'), ...PROGRAM, 'delay', ...CLOSING]);
  expect(verifyPlan(plan)).toEqual([]);
});

it('R-RESET-1: there is no recovery where there is nothing to do', () => {
  expect(
    platformPlan(smmuHost().build(), (index) => platformVm('type1v2', [resolvedPlatform(index, XGBE)])),
  ).not.toHaveProperty('recover');
});

/** The plan of the network controller behind an IOMMU with a plugin of the test's own. */
function planWith(plugin: ResetPlugin, reset: 'required' | 'preferred' | 'none'): Plan {
  const index = indexHost(smmuHost().build());
  const resetBy = { plugin, because: 'the test says so', options: {}, at: spanAt(['reset']) };
  const vm = platformVm('type1v2', [resolvedPlatform(index, XGBE, { reset, resetBy })]);
  const plugins = pluginSet({ reset: [plugin], iommu: testPlugins.iommu });
  const { value, diagnostics } = lowerFor(
    { name: 'tested', vms: [vm], virtualFunctions: [] },
    index,
    undefined,
    plugins,
  );
  if (!value) throw new Error(`the VM of the test cannot be lowered: ${diagnostics[0]?.detail}`);
  return value;
}

it('R-RESET-3: what the kernel resets by request is best effort where the reset is preferred, and left out with none', () => {
  const plugin = fakeReset('mine', { reset: () => [{ kind: 'kernel-reset', why: 'its rings go' }] });
  const resets = (reset: 'required' | 'preferred' | 'none') =>
    planWith(plugin, reset).down.flatMap((step) => (step.kind === 'reset-device' ? [[step.id, step.bestEffort]] : []));
  const [own, kernel] = [`back:reset-device:${XGBE}/reset/0`, `back:reset-device:${XGBE}/kernel`];
  // What the plugin has proved does not hang on the kernel's handler.
  expect(resets('required')).toEqual([
    [kernel, true],
    [own, false],
  ]);
  expect(resets('preferred')).toEqual([
    [kernel, true],
    [own, true],
  ]);
  expect(resets('none')).toEqual([]);
});

it('R-RESET-4: has every kind of access as the plugin wrote it, with its reason', () => {
  const patience = { intervalMicroseconds: 10, timeoutMilliseconds: 5, onTimeout: 'warn' } as const;
  const actions: readonly ResetAction[] = [
    ...WIDGET_OFF,
    when(widget.IRQ_ENABLE.reads(1), widget.DMA_CONTROL.set(['RUN'], 'conditionally')),
    widget.DMA_CONTROL.pollClear(['RUN'], patience, 'it stops'),
    delay(7, 'it settles'),
  ];
  const plan = planWith(fakeReset('mine', { quiesce: () => actions }), 'none');
  const own = { plugin: 'reset-mine', part: 'quiesce', deviceHandle: `device:${XGBE}` };
  const dma = { ...own, index: 0, offset: 0x20n, width: 4, register: 'DMA_CONTROL' };
  const steps = plan.up.filter((step) => 'part' in step);
  expect(steps).toHaveLength(6);
  expect(steps).toMatchObject([
    { ...own, kind: 'write-region', register: 'IRQ_ENABLE', value: 0n, action: 'mask every interrupt' },
    { ...dma, kind: 'modify-region', clear: 1n, set: 0n, action: 'clear RUN', cause: 'no more DMA' },
    { ...dma, kind: 'expect-region', mask: 1n, equals: 0n, onMismatch: 'fail' },
    {
      ...dma,
      kind: 'modify-region',
      set: 1n,
      when: { register: 'IRQ_ENABLE', index: 0, offset: 0x10n, width: 4, mask: 0xffff_ffffn, equals: 1n },
    },
    { ...dma, kind: 'poll-region', mask: 1n, equals: 0n, ...patience },
    { ...own, kind: 'delay', microseconds: 7, cause: 'it settles' },
  ]);
  expect(verifyPlan(plan)).toEqual([]);
});

const BUS = host().intelIommu().gpu('01:00.0', { group: 12 }).audio('01:00.1', { group: 12 }).nic('02:00.0');

/** The plan for all of {@link BUS} with a plugin that wants its resets at these moments, of the functions of bus 1. */
function busPlan(...moments: readonly string[]): Plan {
  const silencing = testPlugins.reset.find(({ name }) => name === 'pci');
  const hot: ResetAction = { kind: 'hot-reset', why: 'nothing less resets it' };
  const plugin = fakeReset('hot', {
    matches: [{ pci: {} }],
    quiesce: (...asked) => silencing?.quiesce(...asked) ?? [],
    reset: ({ device }, _options, moment) =>
      device.address.startsWith('0000:01:') && moments.includes(moment) ? [hot] : [],
  });
  const index = indexHost(BUS.build());
  const plugins = pluginSet({ reset: [plugin], iommu: testPlugins.iommu });
  const devices = { nic: { pci: '02:00.0' }, gpu: { pci: '01:00.0' }, sound: { pci: '01:00.1' } };
  const memory = [{ iova: '0', size: '4MiB' }];
  const manifest = manifestFrom({ version: 1, vms: { a: { memory, devices } } });
  const resolved = resolveManifest(manifest, index, plugins).value;
  const plan = resolved && lowerFor(resolved, index, undefined, plugins).value;
  if (!plan) throw new Error('the manifest of the test does not compile');
  return plan;
}

const isHot = ({ id }: Step) => /hot-reset/.test(id);

it('R-RESET-5: resets a bus once, after all its functions are open, and on the way back after all are silent', () => {
  const { up, down } = busPlan('before-use', 'after-use');
  expect(up.filter(isHot).map(({ id }) => id)).toEqual(['check-hot-reset:0000:01:00.0', 'hot-reset:0000:01:00.0']);
  expect(up.findIndex(isHot)).toBeGreaterThan(up.findLastIndex(({ kind }) => kind === 'open-device'));
  expect(up.findLastIndex(isHot)).toBeLessThan(up.findIndex(({ kind }) => kind === 'map-dma'));
  expect(down.filter(isHot)).toMatchObject([
    { id: 'back:hot-reset:0000:01:00.0', undoes: 'open-device:0000:01:00.1', groupHandles: ['group:12'] },
  ]);
  expect(down.findIndex(isHot)).toBeGreaterThan(down.findLastIndex((step) => 'part' in step));
  expect(down.findIndex(isHot)).toBeLessThan(down.findIndex(({ kind }) => kind === 'unmap-dma'));
  expect(verifyPlan({ ...busPlan('before-use', 'after-use') })).toEqual([]);
});

it('R-RESET-5: asks what a reset hits even where only the way back has one', () => {
  const plan = busPlan('after-use');
  expect(plan.up.filter(isHot).map(({ id }) => id)).toEqual(['check-hot-reset:0000:01:00.0']);
  expect(plan.down.filter(isHot).map(({ id }) => id)).toEqual(['back:hot-reset:0000:01:00.0']);
  expect(verifyPlan(plan)).toEqual([]);
  expect(busPlan('before-use').down.filter(isHot)).toEqual([]);
  expect(verifyPlan(busPlan('before-use'))).toEqual([]);
});

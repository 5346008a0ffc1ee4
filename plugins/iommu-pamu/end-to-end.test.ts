import { expect, test } from 'vitest';
import { compile } from '../../src/compiler/compile.ts';
import type { HostInventory, Plan, VmManifest } from '../../src/model/index.ts';
import { renderPlan } from '../../src/render/plan.ts';
import { Execution } from '../../src/runtime/executor/execute.ts';
import { explain } from '../../src/runtime/executor/explain.ts';
import { FaultKernel } from '../../src/runtime/kernel/fault.ts';
import type { Kernel } from '../../src/runtime/kernel/port.ts';
import { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import { simulatedBy } from '../../src/runtime/plugins/index.ts';
import { manifestFrom } from '../../src/testing/index.ts';
import { MemoryJournal } from '../../src/testing/memory-journal.ts';
import { NIC, pamuBoard, USB0, vendorBackend } from '../../src/testing/pamu-board.ts';
import { testNames } from '../../src/testing/plan.ts';
import { testPlugins } from '../../src/testing/plugins.ts';
import { entryOf } from './backend.ts';

const VM: VmManifest = {
  iommu: 'pamu',
  msi: { banks: 3 },
  memory: [
    { iova: '0', size: '16MiB', backing: 'hugetlb', pageSize: '4MiB' },
    { iova: '32MiB', size: '8MiB', backing: 'hugetlb', pageSize: '4MiB' },
  ],
  devices: {
    usb: { platform: USB0, reset: 'none' },
    card: { pci: NIC, reset: 'none', irqs: [{ index: 'msi', count: 1 }] },
  },
};

const hostOf = (dialect: string, extension: number): HostInventory =>
  pamuBoard(vendorBackend({ dialect }, extension)).build();

function planOn(inventory: HostInventory, vm: VmManifest = VM): Plan {
  const { plan, diagnostics } = compile({
    manifest: manifestFrom({ version: 1, name: 'tested', vms: { edge: vm } }),
    inventory,
    plugins: testPlugins,
    digest: `sha256:${'0'.repeat(64)}`,
    names: testNames,
    running: [],
    toolVersion: '0.0.1',
  });
  if (!plan) throw new Error(diagnostics.map(({ code, detail }) => `${code}: ${detail}`).join('\n'));
  return plan;
}

const kernelOf = (inventory: HostInventory) => new SimulatedKernel(inventory, simulatedBy(testPlugins, inventory));

const executionOf = (plan: Plan, kernel: Kernel) =>
  new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal: new MemoryJournal(),
    explain,
    events: {},
    stepTimeoutMs: 1_000,
  });

/** Steps of a list that are about the container, by what they do. */
const ofContainer = (steps: Plan['up']): string[] =>
  steps.flatMap((step) => {
    if (step.kind === 'container-ioctl') return [step.request.replace('VFIO_IOMMU_', '')];
    return ['set-iommu', 'map-dma', 'unmap-dma', 'connect-irqs', 'get-device'].includes(step.kind) ? [step.kind] : [];
  });

const DIALECTS = [
  ['explicit', 2],
  ['explicit', 7],
  ['on-demand', 40],
] as const;

test.each(DIALECTS)(
  'R-BACK-1: a plan in the dialect %s, extension %i, comes up and goes back',
  async (dialect, extension) => {
    const inventory = hostOf(dialect, extension);
    const plan = planOn(inventory);
    const kernel = kernelOf(inventory);
    const execution = executionOf(plan, kernel);
    const up = await execution.up();
    expect(up.kind === 'failed' ? `${up.failure.step.id}: ${String(up.failure.errno)}` : up.kind).toBe('up');
    expect(kernel.leaks()).toContain('6144 pages pinned');
    expect(await execution.back(up)).toEqual([]);
    expect(kernel.toInventory()).toEqual(inventory);
    expect(kernel.leaks()).toEqual([]);
  },
);

test('R-PAMU-1: the explicit plan asks, sets, reads back, maps, and maps the banks before interrupts', () => {
  const { up, down } = planOn(hostOf('explicit', 2));
  const steps = ofContainer(up).filter((step) => step !== 'get-device');
  const banks = ['PAMU_MAP_MSI_BANK', 'PAMU_MAP_MSI_BANK', 'PAMU_MAP_MSI_BANK'];
  expect(steps).toEqual([
    'set-iommu',
    'PAMU_GET_MSI_BANK_COUNT',
    'PAMU_SET_ATTR',
    'PAMU_GET_ATTR',
    'PAMU_SET_ATTR',
    'PAMU_GET_ATTR',
    ...Array.from({ length: 6 }, () => 'map-dma'),
    ...banks,
    ...steps.slice(15),
  ]);
  expect(ofContainer(down).filter((step) => step.startsWith('PAMU') || step === 'unmap-dma')).toEqual([
    ...banks.map((step) => step.replace('MAP', 'UNMAP')),
    ...Array.from({ length: 6 }, () => 'unmap-dma'),
  ]);
});

test('R-PAMU-3: the plan says that the first mapping opens the aperture and the last unmapping closes it', () => {
  const text = renderPlan(planOn(hostOf('on-demand', 40)));
  expect(text).toContain('the aperture becomes active, and the kernel maps 3 MSI banks now');
  expect(text).toContain('the last mapping: the aperture closes, and the kernel takes 3 MSI banks away');
});

test('R-PAMU-6: a vendor that dropped an error is found out by the reading back, and the host is as it was', async () => {
  const inventory = hostOf('explicit', 2);
  // The plan is of a kernel with windows that this one does not have.
  const plan = planOn(inventory, {
    ...VM,
    memory: [{ iova: '0', size: '8MiB', backing: 'hugetlb', pageSize: '4MiB' }],
  });
  const fewer = pamuBoard(vendorBackend({ maxWindows: '4' })).build();
  const kernel = new SimulatedKernel(inventory, simulatedBy(testPlugins, fewer));
  const execution = executionOf(plan, kernel);
  const outcome = await execution.up();
  expect(outcome.kind === 'failed' && outcome.failure.step.id).toMatch(/windows\/read-back/);
  expect(await execution.back(outcome)).toEqual([]);
  expect(kernel.leaks()).toEqual([]);
});

test('R-PAMU-1: a kernel with fewer banks than room is left for stops the run', async () => {
  const inventory = hostOf('explicit', 2);
  const plan = planOn(inventory);
  const fewer = pamuBoard(vendorBackend({ msiBanks: '2' })).build();
  const kernel = new SimulatedKernel(inventory, simulatedBy(testPlugins, fewer));
  const outcome = await executionOf(plan, kernel).up();
  expect(outcome.kind === 'failed' && outcome.failure.step.id).toMatch(/msi-banks/);
});

test('R-BACK-2: whatever call fails, the host is as it was', async () => {
  const inventory = hostOf('explicit', 2);
  const plan = planOn(inventory);
  const counting = new FaultKernel(kernelOf(inventory), { at: Infinity, when: 'before', how: 'EIO' });
  await executionOf(plan, counting).up();
  expect(counting.calls).toBeGreaterThan(40);
  for (let at = 1; at <= counting.calls; at += 1) {
    const kernel = kernelOf(inventory);
    const execution = executionOf(plan, new FaultKernel(kernel, { at, when: 'before', how: 'EIO' }));
    const outcome = await execution.up();
    expect(await execution.back(outcome), `call ${at}`).toEqual([]);
    expect(kernel.leaks(), `call ${at}`).toEqual([]);
    expect(kernel.toInventory(), `call ${at}`).toEqual(inventory);
  }
});

test('an identified host is claimed, and the plugin is what a VM without a model gets there', () => {
  const inventory = hostOf('explicit', 7);
  const { iommu: _, ...without } = VM;
  const set = planOn(inventory, without).up.find((step) => step.kind === 'set-iommu');
  expect(set).toMatchObject({ type: 'pamu', extension: 7 });
  expect(entryOf({ inventory } as Parameters<typeof entryOf>[0])?.extension).toBe(7);
});

import { testPlugins } from '../../testing/plugins.ts';
import { expect, it } from 'vitest';
import { indexHost, type Step } from '../../model/index.ts';
import { describeStep } from '../../render/step.ts';
import { host, manifestFrom, planFor } from '../../testing/index.ts';
import { lowerFor } from '../../testing/plan.ts';
import { resolveManifest } from '../resolve/resolve.ts';
import { verifyPlan } from '../verify/verify.ts';

const ADDRESS = '0000:31:00.0';
const onIntel = () => host().intelIommu().nic(ADDRESS, { group: 26 });
const memory = [{ iova: '0', size: '64MiB' }];
const kinds = (steps: readonly Step[]) => steps.map((step) => step.kind);
const before = (list: readonly string[], first: string, second: string) => {
  expect(list).toContain(first);
  expect(list).toContain(second);
  return list.lastIndexOf(first) < list.indexOf(second);
};

it('R-BIND-2: writes the override before it unbinds, binds through the driver, and never touches new_id', () => {
  const plan = planFor({ edge: { devices: { wan: ADDRESS } } }, onIntel().build());
  expect(plan.up.slice(0, 3).map(describeStep)).toEqual([
    `write vfio-pci to /sys/bus/pci/devices/${ADDRESS}/driver_override`,
    `write ${ADDRESS} to /sys/bus/pci/drivers/e1000e/unbind`,
    `write ${ADDRESS} to /sys/bus/pci/drivers/vfio-pci/bind`,
  ]);
  expect(plan.down.slice(-3).map(describeStep)).toEqual([
    `write ${ADDRESS} to /sys/bus/pci/drivers/vfio-pci/unbind`,
    `clear /sys/bus/pci/devices/${ADDRESS}/driver_override`,
    `write ${ADDRESS} to /sys/bus/pci/drivers/e1000e/bind`,
  ]);
});

it('R-BACK-1: gives an override back that was there before', () => {
  const inventory = onIntel().change(ADDRESS, { driverOverride: 'e1000e' }).build();
  const plan = planFor({ edge: { devices: { wan: ADDRESS } } }, inventory);
  expect(plan.down.map(describeStep)).toContain(`write e1000e to /sys/bus/pci/devices/${ADDRESS}/driver_override`);
});

it('R-BACK-1: lets a device go back to its driver whose override names another, and gives that override back last', () => {
  const inventory = onIntel().change(ADDRESS, { driverOverride: 'igb' }).build();
  const plan = planFor({ edge: { devices: { wan: ADDRESS } } }, inventory);
  expect(plan.up.slice(0, 2).map(describeStep)).toEqual([
    `write e1000e to /sys/bus/pci/devices/${ADDRESS}/driver_override`,
    `write vfio-pci to /sys/bus/pci/devices/${ADDRESS}/driver_override`,
  ]);
  expect(plan.down.slice(-4).map(describeStep)).toEqual([
    `write ${ADDRESS} to /sys/bus/pci/drivers/vfio-pci/unbind`,
    `write e1000e to /sys/bus/pci/devices/${ADDRESS}/driver_override`,
    `write ${ADDRESS} to /sys/bus/pci/drivers/e1000e/bind`,
    `write igb to /sys/bus/pci/devices/${ADDRESS}/driver_override`,
  ]);
});

it('leaves the binding of a device alone that is on the VFIO driver already', () => {
  const inventory = onIntel().change(ADDRESS, { driver: 'vfio-pci' }).build();
  const plan = planFor({ edge: { devices: { wan: ADDRESS } } }, inventory);
  expect(kinds(plan.up)).not.toContain('bind-driver');
  expect(kinds(plan.down)).not.toContain('unbind-driver');
});

it('R-ORDER-1: attaches a group, then sets the IOMMU model, then takes the devices', () => {
  const order = kinds(planFor({ edge: { devices: { wan: ADDRESS } } }, onIntel().build()).up);
  expect(before(order, 'check-group-viable', 'set-container')).toBe(true);
  expect(before(order, 'set-container', 'set-iommu')).toBe(true);
  expect(before(order, 'set-iommu', 'open-device')).toBe(true);
});

it('R-ORDER-1: attaches the second group after the IOMMU model is set, and asks for its ranges after the last', () => {
  const inventory = onIntel().nic('0000:32:00.0', { group: 27 }).build();
  const order = planFor({ edge: { devices: { a: ADDRESS, b: '0000:32:00.0' } } }, inventory).up.map((step) => step.id);
  expect(before(order, 'set-iommu:edge', 'set-container:27')).toBe(true);
  expect(before(order, 'set-container:27', 'check-iommu-info:edge/info')).toBe(true);
});

it('R-ORDER-2: opens and resets every device before the first mapping', () => {
  const order = kinds(planFor({ edge: { memory, devices: { wan: ADDRESS } } }, onIntel().build()).up);
  expect(before(order, 'open-device', 'map-dma')).toBe(true);
  expect(before(order, 'reset-device', 'map-dma')).toBe(true);
});

it('R-ORDER-3: connects interrupts after the mappings and takes them away before', () => {
  const devices = { wan: { pci: ADDRESS, irqs: [{ index: 'msix' as const, count: 2 }] } };
  const plan = planFor({ edge: { memory, devices } }, onIntel().build());
  expect(before(kinds(plan.up), 'map-dma', 'set-irqs')).toBe(true);
  expect(before(kinds(plan.down), 'clear-irqs', 'unmap-dma')).toBe(true);
  expect(kinds(plan.up).filter((kind) => kind === 'create-eventfd')).toHaveLength(2);
});

it('R-ORDER-4: goes back by silencing, resetting, unmapping, closing, leaving the container, unbinding', () => {
  const order = kinds(planFor({ edge: { memory, devices: { wan: ADDRESS } } }, onIntel().build()).down);
  const wanted: Step['kind'][] = [
    'write-region',
    'reset-device',
    'unmap-dma',
    'free-memory',
    'close',
    'unset-container',
    'unbind-driver',
  ];
  expect(order.filter((kind, index) => wanted.includes(kind) && order.indexOf(kind) === index)).toEqual(wanted);
});

it('R-RESET-3: plans no reset where the manifest asks for none', () => {
  const plan = planFor({ edge: { devices: { wan: { pci: ADDRESS, reset: 'none' } } } }, onIntel().build());
  expect(kinds([...plan.up, ...plan.down])).not.toContain('reset-device');
});

it('R-RESET-5: shows which reset methods the kernel would try', () => {
  const plan = planFor(
    { edge: { devices: { wan: ADDRESS } } },
    onIntel()
      .change(ADDRESS, { resetMethods: ['flr', 'pm'] })
      .build(),
  );
  expect(plan.up.find((step) => step.kind === 'reset-device')?.cause).toMatch(/flr.*, then pm/);
});

it('lets a preferred reset fail without stopping', () => {
  const plan = planFor({ edge: { devices: { wan: { pci: ADDRESS, reset: 'preferred' } } } }, onIntel().build());
  const resets = [...plan.up, ...plan.down].filter((step) => step.kind === 'reset-device');
  expect(resets.map((step) => step.bestEffort)).toEqual([true, true]);
});

it('maps nothing and opens nothing for a VM that only gets its devices bound, and gives their nodes away', () => {
  const handoff = { mode: 'bind' as const, user: 'packets', group: 'wires', permissions: '0660' };
  const plan = planFor({ edge: { handoff, memory, devices: { wan: ADDRESS } } }, onIntel().build());
  expect(kinds(plan.up)).toEqual([
    'set-driver-override',
    'unbind-driver',
    'bind-driver',
    'wait-node',
    'chown-node',
    'chmod-node',
  ]);
  expect(plan.up.find((step) => step.kind === 'chown-node')).toMatchObject({ uid: 4711, gid: 4712 });
  expect(plan.up.find((step) => step.kind === 'chmod-node')).toMatchObject({ mode: 0o660 });
});

it('reports a user that the host does not know', () => {
  const index = indexHost(onIntel().build());
  const vms = { edge: { handoff: { mode: 'bind' as const, user: 'nobody-here' }, devices: { wan: ADDRESS } } };
  const { value: manifest } = resolveManifest(manifestFrom({ version: 1, vms }), index, testPlugins);
  if (!manifest) throw new Error('the manifest does not resolve');
  const lowered = lowerFor(manifest, index);
  expect(lowered.value).toBeUndefined();
  expect(lowered.diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['unknown-user-or-group']);
});

it('takes the driver of a sibling away before the group is opened, and gives it back', () => {
  const inventory = onIntel().nic('0000:31:00.1', { group: 26 }).build();
  const plan = planFor({ edge: { devices: { wan: { pci: ADDRESS, group: 'detach' } } } }, inventory);
  expect(plan.up[0]?.id).toBe('unbind-driver:0000:31:00.1');
  expect(plan.down.at(-1)?.id).toBe('back:bind-driver:0000:31:00.1');
  expect(plan.assignments.map((entry) => entry.address)).toEqual([ADDRESS]);
});

it('loads the modules that are not loaded, and leaves them', () => {
  const inventory = onIntel().module('vfio_pci', 'available').module('vfio_iommu_type1', 'available').build();
  const plan = planFor({ edge: { devices: { wan: ADDRESS } } }, inventory);
  expect(plan.up.filter((step) => step.kind === 'load-module').map((step) => step.module)).toEqual([
    'vfio_iommu_type1',
    'vfio-pci',
  ]);
  expect(kinds(plan.down)).not.toContain('load-module');
});

it('sets allow_unsafe_interrupts only where it is accepted and needed, and puts it back', () => {
  const iommu = { unsafeInterrupts: true };
  const safe = planFor({ edge: { iommu, devices: { wan: ADDRESS } } }, onIntel().build());
  expect(kinds(safe.up)).not.toContain('set-module-parameter');
  const unsafe = host().intelIommu({ interruptRemapping: false }).nic(ADDRESS, { group: 26 }).build();
  const plan = planFor({ edge: { iommu, devices: { wan: ADDRESS } } }, unsafe);
  expect(plan.up[0]).toMatchObject({ kind: 'set-module-parameter', value: 'Y' });
  expect(plan.down.at(-1)).toMatchObject({ kind: 'set-module-parameter', value: 'N' });
});

it('gives one allocation to entries with the same pages, and a memfd to each entry that wants one', () => {
  const entries = [
    { iova: '0', size: '4MiB' },
    { iova: '8MiB', size: '4MiB' },
    { iova: '16MiB', size: '2MiB', backing: 'memfd' as const },
    { iova: '32MiB', size: '2MiB', backing: 'memfd' as const },
  ];
  const plan = planFor({ edge: { memory: entries, devices: { wan: ADDRESS } } }, onIntel().build());
  expect(kinds(plan.up).filter((kind) => kind === 'allocate-memory')).toHaveLength(3);
  expect(plan.up.filter((step) => step.kind === 'map-dma').map((step) => step.offset)).toEqual([0n, 4n << 20n, 0n, 0n]);
});

it('R-GUEST-1 to 3: keeps in the plan where the guest sees each device, a function of its own unless it is said', () => {
  const inventory = onIntel().nic('0000:32:00.0', { group: 27 }).nic('0000:33:00.0', { group: 28 }).build();
  const devices = {
    a: ADDRESS,
    b: { pci: '0000:32:00.0', guest: { placement: 'own-bus' as const, address: '05.0' } },
    c: { pci: '0000:33:00.0', guest: { placement: 'group-bridge' as const } },
  };
  expect(planFor({ edge: { devices } }, inventory).assignments.map((entry) => entry.guest)).toEqual([
    { placement: 'function', address: null },
    { placement: 'own-bus', address: '05.0' },
    { placement: 'group-bridge', address: null },
  ]);
});

it('makes plans that keep every law of verification', () => {
  const inventory = onIntel().nic('0000:32:00.0', { group: 27 }).gpu('0000:33:00.0', { group: 28 }).build();
  const plan = planFor(
    {
      edge: { memory, devices: { a: { pci: ADDRESS, irqs: [{ index: 'msi', count: 1 }] }, b: '0000:32:00.0' } },
      desk: { handoff: { mode: 'bind', user: 1000 }, devices: { screen: '0000:33:00.0' } },
    },
    inventory,
  );
  expect(verifyPlan(plan)).toEqual([]);
});

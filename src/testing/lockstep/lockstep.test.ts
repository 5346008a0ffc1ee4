import { expect, test } from 'vitest';
import { FaultKernel } from '../../runtime/kernel/fault.ts';
import { SimulatedKernel } from '../../runtime/kernel/sim/index.ts';
import { bdf, host } from '../index.ts';
import { lockstep, randomSequence, shortest, Tally, type LockstepDevice, type Pair } from './index.ts';

const TWO_GROUPS: readonly LockstepDevice[] = [
  { address: bdf('0000:03:00.0'), group: 17, driver: 'e1000e', rest: 'e1000e' },
  { address: bdf('0000:04:00.0'), group: 18, driver: 'e1000e', rest: 'e1000e' },
];
const ONE_GROUP: readonly LockstepDevice[] = TWO_GROUPS.map((device) => ({ ...device, group: 17 }));

const STARTS = ['rest', 'joined', 'open'] as const;

function machine(devices: readonly LockstepDevice[] = TWO_GROUPS): SimulatedKernel {
  const builder = host().intelIommu().bridge('0000:00:1c.0', { bus: '03' });
  for (const { address, group } of devices) if (group !== 'made-up') builder.nic(address, { group });
  return new SimulatedKernel(builder.build());
}

/** A kernel that fails the third mapping that it is asked for. */
function withOddMapping(): Pair {
  const counts = ({ name }: { readonly name: string }) => name === 'VFIO_IOMMU_MAP_DMA';
  return { first: machine(), second: new FaultKernel(machine(), { at: 3, when: 'before', how: 'EIO', counts }) };
}

async function expectAgreement(devices: readonly LockstepDevice[], make: () => SimulatedKernel): Promise<void> {
  for (let seed = 0; seed < 60; seed += 1) {
    const [first, second] = [make(), make()];
    const before = first.toInventory();
    const acts = randomSequence(devices, { seed, length: 120, start: STARTS[seed % 3] ?? 'open', binds: true });
    expect(await lockstep({ first, second }, acts, devices)).toBeUndefined();
    for (const kernel of [first, second]) {
      expect(kernel.leaks()).toEqual([]);
      expect(kernel.toInventory()).toEqual(before);
    }
  }
}

test.each([
  ['two groups', TWO_GROUPS],
  ['two devices of a group', ONE_GROUP],
])('a kernel never disagrees with itself about %s, and both hosts come back', async (_, devices) => {
  await expectAgreement(devices, () => machine(devices));
});

test('devices that rest on vfio-pci are found there by the next sequence', async () => {
  const devices = ONE_GROUP.map((device) => ({ ...device, rest: 'vfio-pci' }));
  const [first, second] = [machine(ONE_GROUP), machine(ONE_GROUP)];
  const take = randomSequence(ONE_GROUP, { seed: 1, length: 0, start: 'joined', binds: true });
  await lockstep({ first, second }, take, devices);
  const before = first.toInventory();
  const own = before.devices.filter(({ address }) => devices.some((device) => device.address === address));
  expect(own.map(({ driver, driverOverride }) => [driver, driverOverride])).toEqual([
    ['vfio-pci', 'vfio-pci'],
    ['vfio-pci', 'vfio-pci'],
  ]);
  for (let seed = 0; seed < 20; seed += 1) {
    const acts = randomSequence(devices, { seed, length: 60, start: 'open', binds: true });
    expect(await lockstep({ first, second }, acts, devices)).toBeUndefined();
    expect(first.toInventory()).toEqual(before);
  }
});

test('the sequences reach every call, and most calls both succeed and fail', async () => {
  const tally = new Tally();
  for (let seed = 0; seed < 40; seed += 1) {
    const acts = randomSequence(ONE_GROUP, { seed, length: 120, start: STARTS[seed % 3] ?? 'open', binds: true });
    await lockstep({ first: machine(ONE_GROUP), second: machine(ONE_GROUP) }, acts, ONE_GROUP, tally);
  }
  const ioctls = ['SET_CONTAINER', 'UNSET_CONTAINER', 'GET_STATUS', 'CHECK_EXTENSION', 'SET_IOMMU', 'IOMMU_GET_INFO'];
  const device = [
    'GET_DEVICE_FD',
    'GET_INFO',
    'GET_REGION_INFO',
    'GET_IRQ_INFO',
    'SET_IRQS',
    'RESET',
    'HOT_RESET_INFO',
  ];
  const both = [...ioctls, ...device, 'MAP_DMA', 'UNMAP_DMA', 'open', 'close', 'write', 'unbind', 'pread'];
  expect(tally.onesided(both)).toEqual([]);
});

test('a kernel that answers one call differently is found out, with the call', async () => {
  const acts = randomSequence(TWO_GROUPS, { seed: 7, length: 400, start: 'open', binds: true });
  const difference = await lockstep(withOddMapping(), acts, TWO_GROUPS);
  expect(difference).toMatchObject({ call: expect.stringMatching(/^MAP_DMA/) as unknown, second: 'EIO' });
});

test('a difference is shown by the calls that it needs, and no others', async () => {
  const acts = randomSequence(TWO_GROUPS, { seed: 7, length: 400, start: 'open', binds: true });
  const difference = await lockstep(withOddMapping(), acts, TWO_GROUPS);
  if (!difference) throw new Error('no difference');
  const calls = await shortest(withOddMapping, acts, TWO_GROUPS, difference, 300);
  expect(calls.at(-1)).toBe(difference.call);
  const mappings = calls.filter((call) => call.startsWith('MAP_DMA'));
  expect(mappings).toHaveLength(3);
  // Memory to map, and whatever this difference says about the container.
  expect(calls.filter((call) => !mappings.includes(call)).length).toBeLessThan(12);
});

/** One device whose region is no whole page and has an edge interrupt, one of the AMBA bus with a page and a level one. */
const WITHOUT_IOMMU: readonly LockstepDevice[] = [
  {
    bus: 'platform',
    address: 'a000000.sensor',
    group: 'made-up',
    driver: 'acme-sensor',
    rest: 'acme-sensor',
    regionBytes: 0x200,
  },
  { bus: 'amba', address: '9000000.clock', group: 'made-up', driver: null, rest: 'vfio-amba', regionBytes: 0x1000 },
];

function soc(): SimulatedKernel {
  const inventory = host()
    .kernel({ architecture: 'aarch64' })
    .module('vfio', 'builtin', { enable_unsafe_noiommu_mode: 'Y' })
    .module('vfio_platform', 'builtin', { reset_required: 'N' })
    .tree({
      '#address-cells': 1,
      '#size-cells': 1,
      'interrupt-parent': 1,
      'gic@8000000': { compatible: 'arm,gic-400', '#interrupt-cells': 3, 'interrupt-controller': true, phandle: 1 },
      'sensor@a000000': { compatible: 'acme,sensor', reg: [0xa00_0000, 0x200], interrupts: [0, 16, 1] },
      'clock@9000000': { compatible: ['arm,pl031', 'arm,primecell'], reg: [0x900_0000, 0x1000], interrupts: [0, 2, 4] },
    })
    .platform('a000000.sensor', { treePath: '/sensor@a000000', driver: 'acme-sensor' })
    .amba('9000000.clock', { treePath: '/clock@9000000' })
    .build();
  return new SimulatedKernel(inventory, {
    state: {
      ...inventory,
      devices: inventory.devices.map((device) =>
        device.bus === 'amba' ? { ...device, driver: 'vfio-amba', driverOverride: 'vfio-amba' } : device,
      ),
    },
  });
}

test('a kernel never disagrees with itself about devices without an IOMMU, and the hosts come back', async () => {
  await expectAgreement(WITHOUT_IOMMU, soc);
});

test('the sequences reach every call on a device without an IOMMU, and most calls both succeed and fail', async () => {
  const tally = new Tally();
  for (let seed = 0; seed < 60; seed += 1) {
    const acts = randomSequence(WITHOUT_IOMMU, { seed, length: 120, start: STARTS[seed % 3] ?? 'open', binds: true });
    await lockstep({ first: soc(), second: soc() }, acts, WITHOUT_IOMMU, tally);
  }
  const calls = ['SET_CONTAINER', 'UNSET_CONTAINER', 'GET_STATUS', 'CHECK_EXTENSION', 'SET_IOMMU', 'GET_DEVICE_FD'];
  const device = ['GET_INFO', 'GET_REGION_INFO', 'GET_IRQ_INFO', 'SET_IRQS', 'pread', 'mmap device'];
  expect(tally.onesided([...calls, ...device, 'open', 'close', 'write', 'unbind', 'node of'])).toEqual([]);
  // Nothing to map into, and nothing that resets.
  const never = ['MAP_DMA', 'UNMAP_DMA', 'RESET', 'HOT_RESET_INFO', 'IOMMU_GET_INFO'];
  expect(tally.onesided(never)).toEqual(never.map((call) => `${call} never succeeded`));
});

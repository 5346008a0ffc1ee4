import { expect, test } from 'vitest';
import { FaultKernel } from '../../runtime/kernel/fault.ts';
import { SimulatedKernel } from '../../runtime/kernel/sim/index.ts';
import { bdf, host } from '../index.ts';
import { lockstep, randomSequence, shortest, type LockstepDevice, type Pair } from './index.ts';

const TWO_GROUPS: readonly LockstepDevice[] = [
  { address: bdf('0000:03:00.0'), group: 17, driver: 'e1000e', rest: 'e1000e' },
  { address: bdf('0000:04:00.0'), group: 18, driver: 'e1000e', rest: 'e1000e' },
];
const ONE_GROUP: readonly LockstepDevice[] = TWO_GROUPS.map((device) => ({ ...device, group: 17 }));

const STARTS = ['rest', 'joined', 'open'] as const;

function machine(devices: readonly LockstepDevice[] = TWO_GROUPS): SimulatedKernel {
  const builder = host().intelIommu().bridge('0000:00:1c.0', { bus: '03' });
  for (const { address, group } of devices) builder.nic(address, { group });
  return new SimulatedKernel(builder.build());
}

/** A kernel that fails the third mapping that it is asked for. */
function withOddMapping(): Pair {
  const counts = ({ name }: { readonly name: string }) => name === 'VFIO_IOMMU_MAP_DMA';
  return { first: machine(), second: new FaultKernel(machine(), { at: 3, when: 'before', how: 'EIO', counts }) };
}

test.each([
  ['two groups', TWO_GROUPS],
  ['two devices of a group', ONE_GROUP],
])('a kernel never disagrees with itself about %s, and both hosts come back', async (_, devices) => {
  for (let seed = 0; seed < 60; seed += 1) {
    const [first, second] = [machine(devices), machine(devices)];
    const before = first.toInventory();
    const acts = randomSequence(devices, { seed, length: 120, start: STARTS[seed % 3] ?? 'open' });
    expect((await lockstep({ first, second }, acts, devices)).difference).toBeUndefined();
    for (const kernel of [first, second]) {
      expect(kernel.leaks()).toEqual([]);
      expect(kernel.toInventory()).toEqual(before);
    }
  }
});

test('devices that rest on vfio-pci are found there by the next sequence', async () => {
  const devices = ONE_GROUP.map((device) => ({ ...device, rest: 'vfio-pci' }));
  const [first, second] = [machine(ONE_GROUP), machine(ONE_GROUP)];
  const take = randomSequence(ONE_GROUP, { seed: 1, length: 0, start: 'joined' });
  await lockstep({ first, second }, take, devices);
  const before = first.toInventory();
  const own = before.devices.filter(({ address }) => devices.some((device) => device.address === address));
  expect(own.map(({ driver, driverOverride }) => [driver, driverOverride])).toEqual([
    ['vfio-pci', 'vfio-pci'],
    ['vfio-pci', 'vfio-pci'],
  ]);
  for (let seed = 0; seed < 20; seed += 1) {
    const acts = randomSequence(devices, { seed, length: 60, start: 'open' });
    expect((await lockstep({ first, second }, acts, devices)).difference).toBeUndefined();
    expect(first.toInventory()).toEqual(before);
  }
});

test('the sequences reach every call, and most calls both succeed and fail', async () => {
  const succeeded = new Set<string>();
  const failed = new Set<string>();
  for (let seed = 0; seed < 40; seed += 1) {
    const acts = randomSequence(ONE_GROUP, { seed, length: 120, start: STARTS[seed % 3] ?? 'open' });
    const { answers } = await lockstep({ first: machine(ONE_GROUP), second: machine(ONE_GROUP) }, acts, ONE_GROUP);
    for (const [call, kinds] of answers) {
      if (kinds.has('ok')) succeeded.add(call);
      if (kinds.size > (kinds.has('ok') ? 1 : 0)) failed.add(call);
    }
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
  expect(both.filter((call) => !succeeded.has(call))).toEqual([]);
  expect(both.filter((call) => !failed.has(call))).toEqual([]);
});

test('a kernel that answers one call differently is found out, with the call', async () => {
  const acts = randomSequence(TWO_GROUPS, { seed: 7, length: 400, start: 'open' });
  const { difference } = await lockstep(withOddMapping(), acts, TWO_GROUPS);
  expect(difference).toMatchObject({ call: expect.stringMatching(/^MAP_DMA/) as unknown, second: 'EIO' });
});

test('a difference is shown by the calls that it needs, and no others', async () => {
  const acts = randomSequence(TWO_GROUPS, { seed: 7, length: 400, start: 'open' });
  const { difference } = await lockstep(withOddMapping(), acts, TWO_GROUPS);
  if (!difference) throw new Error('no difference');
  const calls = await shortest(withOddMapping, acts, TWO_GROUPS, difference, 300);
  expect(calls.at(-1)).toBe(difference.call);
  const mappings = calls.filter((call) => call.startsWith('MAP_DMA'));
  expect(mappings).toHaveLength(3);
  // Memory to map, and whatever this difference says about the container.
  expect(calls.filter((call) => !mappings.includes(call)).length).toBeLessThan(12);
});

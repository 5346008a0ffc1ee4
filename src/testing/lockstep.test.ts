import { expect, test } from 'vitest';
import { SimulatedKernel } from '../runtime/kernel/sim/index.ts';
import { FaultKernel } from '../runtime/kernel/fault.ts';
import { bdf, host } from './index.ts';
import { lockstep } from './lockstep.ts';

const devices = [
  { address: bdf('0000:03:00.0'), group: 17, driver: 'e1000e' },
  { address: bdf('0000:04:00.0'), group: 18, driver: 'e1000e' },
];

function machine(): SimulatedKernel {
  const builder = host().intelIommu();
  for (const { address, group } of devices) builder.nic(address, { group });
  return new SimulatedKernel(builder.build());
}

test('a kernel never disagrees with itself, and both hosts come back', async () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const [first, second] = [machine(), machine()];
    const before = first.toInventory();
    const options = { seed, steps: 120, prepared: seed % 3 !== 0 };
    expect(await lockstep(first, second, devices, options)).toBeUndefined();
    for (const kernel of [first, second]) {
      expect(kernel.leaks()).toEqual([]);
      expect(kernel.toInventory()).toEqual(before);
    }
  }
});

test('a kernel that answers one call differently is found out, with the call', async () => {
  const counts = ({ name }: { readonly name: string }) => name === 'VFIO_IOMMU_MAP_DMA';
  const odd = new FaultKernel(machine(), { at: 3, when: 'before', how: 'EIO', counts });
  const difference = await lockstep(machine(), odd, devices, { seed: 7, steps: 400, prepared: true });
  expect(difference).toMatchObject({ call: expect.stringMatching(/^MAP_DMA/) as unknown, second: 'EIO' });
});

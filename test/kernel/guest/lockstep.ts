import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import type { DeviceModel } from '../../../src/runtime/kernel/sim/index.ts';
import type { LockstepDevice } from '../../../src/testing/lockstep/index.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { KernelPair } from './kernel-pair.ts';
import { bindTo, findNics, giveBack, groupOf } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** Any number will do; it is fixed so that a failure can be seen again. */
const SEED = 20_140_601;
const SEQUENCES = 20;

/** What an inventory does not say of QEMU's e1000e (hw/net/e1000e.c). */
const E1000E: DeviceModel = { pcie: true, irqs: { intx: 1, msi: 1, msix: 5 }, msixBar: 3 };

/**
 * The simulated kernel beside the real one: both get the same random calls, and every result and every errno has to be
 * the same. The simulation is made from this machine's inventory.
 */
export const lockstepScenario: Scenario = ({ test, cleanup, machine }) => {
  const { alone, shared } = findNics();
  const addresses = [alone, ...shared];
  const before: HostState = hostState();
  const inventory = readLiveInventory();
  let pair: KernelPair;

  const device = (address: string): LockstepDevice => ({
    address,
    group: Number(groupOf(address)),
    driver: 'e1000e',
    rest: 'vfio-pci',
  });

  test('the devices are taken to vfio-pci', async () => {
    for (const address of addresses) bindTo(address, 'vfio-pci');
    const devices = new Map(addresses.map((address) => [address, E1000E]));
    pair = await KernelPair.load(inventory, { devices, state: readLiveInventory() });
  });
  const subjects: readonly (readonly [string, readonly string[], number])[] = [
    ['a device alone in its group', [alone], SEED],
    ['R-GROUP-1: two devices of one group', shared, SEED + SEQUENCES],
    ['three devices in two groups', [alone, ...shared], SEED + 2 * SEQUENCES],
  ];
  for (const [subject, named, seed] of subjects) {
    test(`${subject}: ${SEQUENCES} sequences of calls from seed ${seed} are answered alike`, () =>
      pair.agree(named.map(device), seed, SEQUENCES));
  }
  test('the calls that a plan makes have all succeeded, and been refused, in these sequences', () => {
    pair.seen(['SET_CONTAINER', 'SET_IOMMU', 'GET_DEVICE_FD', 'MAP_DMA', 'UNMAP_DMA', 'SET_IRQS', 'write']);
  });
  test('the host comes back', () => {
    for (const address of addresses) giveBack(address);
    cameBack(before);
  });
  cleanup(() => attach(`lockstep-${machine}.json`, `${JSON.stringify(pair.tally, null, 2)}\n`));
};

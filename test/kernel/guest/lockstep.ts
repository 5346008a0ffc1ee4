import type { Bdf, HostInventory } from '../../../src/model/index.ts';
import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import { LinuxKernel } from '../../../src/runtime/kernel/linux/index.ts';
import { SimulatedKernel, type DeviceModel } from '../../../src/runtime/kernel/sim/index.ts';
import {
  lockstep,
  randomSequence,
  shortest,
  type LockstepDevice,
  type Pair,
} from '../../../src/testing/lockstep/index.ts';
import { holds } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { bindTo, findNics, giveBack, groupOf } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** Any number will do; it is fixed so that a failure can be seen again. */
const SEED = 20_140_601;
const LENGTH = 40;
const SEQUENCES = 20;
/** Where the sequences begin, in turn: most where a device can be talked to. */
const STARTS = ['open', 'joined', 'open', 'joined', 'rest'] as const;
/** How often a sequence that shows a difference is made again, to leave out what the difference does not need. */
const TRIES = 60;

/** What an inventory does not say of QEMU's e1000e (hw/net/e1000e.c), and how its resets end. */
function e1000e(machine: string): DeviceModel {
  const irqs = { intx: 1, msi: 1, msix: 5 };
  // The link of QEMU's root ports does not come back on x86: the kernel says ENOTTY to a reset of their bus.
  return { pcie: true, irqs, msixBar: 3, ...(machine === 'smmuv3' ? {} : { hotResetFails: 'ENOTTY' }) };
}

/** The answers of both kernels, counted for each call. */
type Tally = Record<string, Record<string, number>>;

/**
 * The simulated kernel beside the real one: both get the same random calls, and every result and every errno has to be
 * the same. The simulation is made from this machine's inventory.
 */
export const lockstepScenario: Scenario = ({ test, cleanup, machine }) => {
  const { alone, shared } = findNics();
  const addresses = [alone, ...shared] as readonly string[] as readonly Bdf[];
  const tally: Tally = {};
  const before: HostState = hostState();
  const inventory = readLiveInventory();
  const model = e1000e(machine);
  let state: HostInventory | undefined;
  let kernel: LinuxKernel;

  const pair = (): Pair => ({
    first: kernel,
    second: new SimulatedKernel(inventory, {
      devices: new Map(addresses.map((address) => [address, model])),
      ...(state && { state }),
    }),
  });
  const device = (address: string): LockstepDevice => ({
    address: address as Bdf,
    group: Number(groupOf(address)),
    driver: 'e1000e',
    rest: 'vfio-pci',
  });

  async function compare(devices: readonly LockstepDevice[], seed: number): Promise<void> {
    const acts = randomSequence(devices, { seed, length: LENGTH, start: STARTS[seed % STARTS.length] ?? 'rest' });
    const { answers, difference } = await lockstep(pair(), acts, devices);
    for (const [call, kinds] of answers) {
      const ofCall = (tally[call] ??= {});
      for (const [kind, count] of kinds) ofCall[kind] = (ofCall[kind] ?? 0) + count;
    }
    if (!difference) return;
    const calls = await shortest(pair, acts, devices, difference, TRIES);
    const { first, second } = difference;
    throw new Error(`seed ${seed}: the kernel answers ${first}, the simulation ${second}: ${calls.join('; ')}`);
  }

  test('the devices are taken to vfio-pci', async () => {
    kernel = await LinuxKernel.load();
    for (const address of addresses) bindTo(address, 'vfio-pci');
    state = readLiveInventory();
  });
  const subjects: readonly (readonly [string, readonly string[], number])[] = [
    ['a device alone in its group', [alone], SEED],
    ['R-GROUP-1: two devices of one group', shared, SEED + SEQUENCES],
    ['three devices in two groups', [alone, ...shared], SEED + 2 * SEQUENCES],
  ];
  for (const [subject, named, seed] of subjects) {
    test(`${subject}: ${SEQUENCES} sequences of ${LENGTH} calls from seed ${seed} are answered alike`, async () => {
      const devices = named.map(device);
      for (let n = 0; n < SEQUENCES; n += 1) await compare(devices, seed + n);
    });
  }
  test('the calls that a plan makes have all succeeded, and been refused, in these sequences', () => {
    const plain = ['SET_CONTAINER', 'SET_IOMMU', 'GET_DEVICE_FD', 'MAP_DMA', 'UNMAP_DMA', 'SET_IRQS', 'write'];
    for (const call of plain) {
      const { ok = 0, ...refused } = tally[call] ?? {};
      holds(ok > 0, `${call} never succeeded`);
      holds(Object.keys(refused).length > 0, `${call} was never refused`);
    }
  });
  test('the host comes back', () => {
    for (const address of addresses) giveBack(address);
    cameBack(before);
  });
  cleanup(() => attach(`lockstep-${machine}.json`, `${JSON.stringify(tally, null, 2)}\n`));
};

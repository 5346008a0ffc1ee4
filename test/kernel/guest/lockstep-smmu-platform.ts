import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import type { LockstepDevice } from '../../../src/testing/lockstep/index.ts';
import { equal, holds } from './assert.ts';
import { KernelPair } from './kernel-pair.ts';
import { bindPlatform, giveBackPlatform, platformLink } from './platform.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';
import {
  allowUnsafeInterrupts,
  groupOf,
  haveGroup,
  smmuHost,
  STREAM_DEVICES,
  type StreamDevice,
} from './smmu-devices.ts';

/** Any number will do; it is fixed so that a failure can be seen again. */
const SEED = 20_140_212;
const SEQUENCES = 15;

const { card, disk, clock } = STREAM_DEVICES;

/**
 * The simulated kernel beside the real one, about platform devices in groups of an SMMU: what it asks of their interrupts,
 * and mappings, those on its MSI window too.
 */
export const lockstepSmmuPlatform: Scenario = ({ test, cleanup, machine }) => {
  const devices = Object.values(STREAM_DEVICES);
  for (const device of devices) haveGroup(device);
  const before = smmuHost();
  const inventory = readLiveInventory();
  const pairs: KernelPair[] = [];
  const load = async (): Promise<void> => {
    pairs.push(await KernelPair.load(inventory, { state: readLiveInventory() }));
  };
  const pair = (): KernelPair => {
    const last = pairs.at(-1);
    if (!last) throw new Error('the devices are not taken');
    return last;
  };
  let seed = SEED;
  const compare = (subject: string, devices: readonly LockstepDevice[]): void => {
    const from = seed;
    seed += SEQUENCES;
    test(`${subject}: ${SEQUENCES} sequences of calls from seed ${from} are answered alike`, () =>
      pair().agree(devices, from, SEQUENCES));
  };

  test('the devices are taken to VFIO', async () => {
    for (const { bus, name, vfioDriver } of devices) bindPlatform(bus, name, vfioDriver);
    await load();
  });
  compare('a device whose MSI controller is an ITS', [subject(disk)]);
  compare('R-GROUP-5: a device without MSI controller beside it', [subject(disk), subject(card)]);
  test('R-GROUP-5: in these the IOMMU was refused for its interrupts, and set up', () => {
    const { ok = 0, EPERM = 0 } = pair().answers['SET_IOMMU'] ?? {};
    holds(ok > 0 && EPERM > 0, `SET_IOMMU succeeded ${ok} times, and ended ${EPERM} times with EPERM`);
  });
  test('unsafe interrupts are allowed', async () => {
    allowUnsafeInterrupts('Y');
    await load();
  });
  compare('a platform device and one of AMBA, whose interrupts nothing isolates', [subject(card), subject(clock)]);
  compare('all three', [subject(card), subject(disk), subject(clock)]);
  test('the calls that a plan makes have all succeeded, and been refused, in these sequences', () => {
    pair().seen(['SET_CONTAINER', 'SET_IOMMU', 'GET_DEVICE_FD', 'MAP_DMA', 'UNMAP_DMA', 'SET_IRQS', 'pread', 'write']);
  });
  const putBack = (): void => {
    allowUnsafeInterrupts('N');
    for (const { bus, name } of devices) giveBackPlatform(bus, name);
  };
  test('the host comes back', () => {
    putBack();
    equal(smmuHost(), before, 'the host');
  });
  cleanup(putBack);
  cleanup(() =>
    attach(
      `lockstep-${machine}.json`,
      `${JSON.stringify(
        pairs.map(({ answers }) => answers),
        null,
        2,
      )}\n`,
    ),
  );
};

/** A device as the comparison wants it. It stays with VFIO: taking it each time would take most of the run. */
const subject = (device: StreamDevice): LockstepDevice => ({
  bus: device.bus,
  address: device.name,
  group: Number(groupOf(device)),
  driver: platformLink(device.bus, device.name, 'driver') ?? null,
  rest: device.vfioDriver,
  regionBytes: device.bus === 'amba' ? 0x1000 : 0x200,
});

import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import type { LockstepDevice } from '../../../src/testing/lockstep/index.ts';
import { CLOCK } from './alarm-clock.ts';
import { KernelPair } from './kernel-pair.ts';
import { equal } from './assert.ts';
import { bindPlatform, giveBackPlatform, platformState } from './platform.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';
import { CARD } from './virtio-link.ts';

/** Any number will do; it is fixed so that a failure can be seen again. */
const SEED = 20_130_711;
const SEQUENCES = 30;

const card: LockstepDevice = {
  bus: 'platform',
  address: CARD,
  group: 'made-up',
  driver: 'virtio-mmio',
  rest: 'vfio-platform',
  regionBytes: 0x200,
};
const clock: LockstepDevice = {
  bus: 'amba',
  address: CLOCK,
  group: 'made-up',
  driver: null,
  rest: 'vfio-amba',
  regionBytes: 0x1000,
};

/**
 * The simulated kernel beside the real one, about devices without an IOMMU: one of the platform bus with an edge interrupt
 * and a region that is no whole page, one of the AMBA bus with a level interrupt and a page.
 */
export const lockstepPlatform: Scenario = ({ test, cleanup, machine }) => {
  const before = platformState();
  const inventory = readLiveInventory();
  let pair: KernelPair;

  test('the devices are taken to VFIO', async () => {
    bindPlatform('platform', CARD, 'vfio-platform');
    bindPlatform('amba', CLOCK, 'vfio-amba');
    pair = await KernelPair.load(inventory, { state: readLiveInventory() });
  });
  const subjects: readonly (readonly [string, readonly LockstepDevice[]])[] = [
    ['a platform device with an edge interrupt', [card]],
    ['an AMBA device with a level interrupt', [clock]],
    ['one of each', [card, clock]],
  ];
  for (const [n, [subject, devices]] of subjects.entries()) {
    const from = SEED + n * SEQUENCES;
    test(`${subject}: ${SEQUENCES} sequences of calls from seed ${from} are answered alike`, () =>
      pair.agree(devices, from, SEQUENCES));
  }
  test('the calls that a plan makes have all succeeded, and been refused, in these sequences', () => {
    pair.seen(['SET_CONTAINER', 'SET_IOMMU', 'GET_DEVICE_FD', 'SET_IRQS', 'pread', 'mmap device', 'write', 'open']);
  });
  test('the host comes back', () => {
    giveBackPlatform('amba', CLOCK);
    giveBackPlatform('platform', CARD);
    equal(platformState(), before, 'the host');
  });
  cleanup(() => attach(`lockstep-${machine}.json`, `${JSON.stringify(pair.answers, null, 2)}\n`));
};

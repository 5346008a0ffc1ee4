import { equal } from './assert.ts';
import { OpenDevice } from './no-iommu.ts';
import { bindPlatform, giveBackPlatform, platformState } from './platform.ts';
import { CLOCK, interruptsByAlarm } from './alarm-clock.ts';
import type { Scenario } from './scenario.ts';
import { withEventfds } from './vfio-irqs.ts';

/** A level interrupt, and a device of the AMBA bus: the clock of this machine through vfio-amba. */
export const rawLevelInterrupt: Scenario = ({ test, cleanup }) => {
  const before = platformState();
  let clock: OpenDevice;

  test('the clock moves to vfio-amba, and opens', async () => {
    bindPlatform('amba', CLOCK, 'vfio-amba');
    clock = await OpenDevice.open('amba', CLOCK);
    equal(
      {
        flags: clock.info.flags,
        regions: clock.info.regions.map(({ flags, size }) => ({ flags, size })),
        irqs: clock.info.irqs,
      },
      { flags: 8, regions: [{ flags: 7, size: '0x1000' }], irqs: [{ flags: 7, count: 1 }] },
      'what the device tells: AMBA, a region of a page, a level interrupt',
    );
  });
  test('its level interrupt comes once and is masked, until it is unmasked by a call or by an eventfd', () =>
    withEventfds(clock, 0, 'level', (eventfds) => interruptsByAlarm(clock, eventfds)));
  test('the clock goes back', () => {
    clock.close();
    giveBackPlatform('amba', CLOCK);
    equal(platformState(), before, 'the host');
  });
  cleanup(() => giveBackPlatform('amba', CLOCK));
};

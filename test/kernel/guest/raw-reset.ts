import { equal, holds } from './assert.ts';
import { FrameTrap, sendFrames } from './frame-trap.ts';
import { withXgmac } from './held-device.ts';
import { bindPlatform, giveBackPlatform, platformState } from './platform.ts';
import type { Scenario } from './scenario.ts';
import { resetDevice } from './vfio.ts';
import { OFF, ON, running, RUNNING, startXgmac, XGMAC } from './xgmac.ts';

/**
 * A kernel without a reset handler for the XGMAC: what reset plugins are for. That a device runs on is seen in its
 * registers, and in the memory that it goes on to write.
 */
export const rawReset: Scenario = ({ test, cleanup }) => {
  const before = platformState();
  const trap = new FrameTrap();
  const receives = async (): Promise<boolean> => {
    trap.arm();
    await sendFrames();
    return trap.sprung;
  };

  test('the kernel binds the XGMAC, and cannot reset it: EINVAL', async () => {
    bindPlatform('platform', XGMAC, 'vfio-platform');
    await withXgmac((device) => {
      equal(device.info.flags, 4, 'its flags: PLATFORM, and not RESET');
      equal(resetDevice(device.fd).errno, 'EINVAL', 'the answer to VFIO_DEVICE_RESET');
    });
  });
  test('a device that was never started receives nothing', async () => {
    holds(!(await receives()), 'a frame appeared in memory');
  });
  test('R-RESET-1: a device that was started runs on when whoever had it is gone, and writes to memory', async () => {
    await withXgmac((device) => startXgmac(device, trap.physical));
    await withXgmac((device) => equal(running(device), ON, 'the registers'));
    holds(await receives(), 'no frame appeared in memory: the test cannot see what it is about');
  });
  test('with DMA and interrupts off, it does no longer', async () => {
    await withXgmac((device) => {
      for (const [register] of [...RUNNING].reverse()) device.write(register, 0);
      equal(running(device), OFF, 'the registers');
    });
    holds(!(await receives()), 'a frame appeared in memory');
  });
  cleanup(() => {
    trap.free();
    giveBackPlatform('platform', XGMAC);
    equal(platformState(), before, 'the host');
  });
};

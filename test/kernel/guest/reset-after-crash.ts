import { equal, holds } from './assert.ts';
import { FrameTrap, sendFrames } from './frame-trap.ts';
import { holder, killHolder, withDeviceOf, withXgmac } from './held-device.ts';
import { bindPlatform, giveBackPlatform, platformLink, platformState } from './platform.ts';
import { ended, project, type Project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { OFF, ON, running, startXgmac, XGMAC, XGMAC_DRIVER } from './xgmac.ts';

/**
 * A reset plugin where nothing else stops the device: the kernel has no handler for it, and whoever held it was killed. That
 * it runs on is seen in its registers and in the memory that it goes on to write; so is that it does no longer.
 */
export const resetAfterCrash: Scenario = ({ test, cleanup }) => {
  const before = platformState();
  const trap = new FrameTrap();
  const board = (name: string, reset: string): Project =>
    project(name, `devices:\n  nic: { platform: ${XGMAC}, reset: ${reset}, irqs: [{ index: 0 }] }\niommu: noiommu\n`);
  const named = board('named', '{ plugin: calxeda-xgmac }');
  const matched = board('matched', 'required');

  const receives = async (): Promise<boolean> => {
    trap.arm();
    await sendFrames();
    return trap.sprung;
  };
  const start = (): Promise<void> => withDeviceOf(holder(), (device) => startXgmac(device, trap.physical));
  const crash = async (of: Project): Promise<void> => {
    ended(await of.up(), 0, 'up');
    await start();
    await killHolder(holder());
    equal(await withXgmac(running), ON, 'the registers after the holder is gone');
    holds(await receives(), 'no frame appeared in memory: the test cannot see what it is about');
  };
  /** What the registers hold while the device has no driver that would change them. */
  const registersNow = async (): Promise<readonly number[]> => {
    bindPlatform('platform', XGMAC, 'vfio-platform');
    return withXgmac(running);
  };

  test('R-ORDER-2: a device that its last owner left running is silent when up is done', async () => {
    bindPlatform('platform', XGMAC, 'vfio-platform');
    await withXgmac((device) => startXgmac(device, trap.physical));
    holds(await receives(), 'no frame appeared in memory: the test cannot see what it is about');
    ended(await named.up(), 0, 'up');
    equal(await withDeviceOf(holder(), running), OFF, 'the registers');
    holds(!(await receives()), 'a frame appeared in memory');
  });
  test('R-ORDER-4: down silences the device that its user left running', async () => {
    await start();
    holds(await receives(), 'no frame appeared in memory: the test cannot see what it is about');
    ended(await named.down(), 0, 'down');
    equal(await withXgmac(running), OFF, 'the registers');
    holds(!(await receives()), 'a frame appeared in memory');
    giveBackPlatform('platform', XGMAC);
  });
  test('R-RESET-1: after SIGKILL of its holder the device runs on, until down has silenced it', async () => {
    // Without a driver, so that none of its registers are anybody's but the plugin's.
    bindPlatform('platform', XGMAC, 'vfio-platform');
    await crash(matched);
    ended(await matched.down(), 0, 'down');
    equal(await registersNow(), OFF, 'the registers');
    holds(!(await receives()), 'a frame appeared in memory');
    giveBackPlatform('platform', XGMAC);
    equal(platformState(), before, 'the host');
  });
  test('R-BACK-2: and its driver gets it back silent, with its network interface', async () => {
    await crash(matched);
    ended(await matched.down(), 0, 'down');
    equal(platformLink('platform', XGMAC, 'driver'), XGMAC_DRIVER, 'the driver');
    equal(platformState(), before, 'the host');
    holds(!(await receives()), 'a frame appeared in memory');
  });
  test('R-RESET-1: after SIGKILL of its holder the next up silences it before its next user has it', async () => {
    await crash(matched);
    ended(await matched.up(), 0, 'the next up');
    equal(await withDeviceOf(holder(), running), OFF, 'the registers');
    holds(!(await receives()), 'a frame appeared in memory');
    ended(await matched.down(), 0, 'down');
    equal(platformState(), before, 'the host');
  });
  cleanup(async () => {
    await named.down();
    await matched.down();
    trap.free();
    giveBackPlatform('platform', XGMAC);
    equal(platformState(), before, 'the host');
  });
};

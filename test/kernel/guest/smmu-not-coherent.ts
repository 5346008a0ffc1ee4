import { contains, equal, holds } from './assert.ts';
import { bindError, giveBackPlatform } from './platform.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { groupOf, haveGroup, smmuHost, STREAM_DEVICES } from './smmu-devices.ts';

/** Platform devices behind an SMMU that does not see the caches of the CPU: VFIO takes none of them. */
export const smmuNotCoherent: Scenario = ({ test, cleanup }) => {
  const devices = Object.values(STREAM_DEVICES);
  for (const device of devices) haveGroup(device);
  const before = smmuHost();

  for (const device of devices) {
    const { bus, name, vfioDriver } = device;
    test(`R-GROUP-5: ${name} is refused by name, and nothing is touched`, async () => {
      holds(groupOf(device) !== '', 'it has a group');
      const manifest = `devices:\n  one: { platform: ${name}, reset: none }\niommu: { unsafeInterrupts: true }\n`;
      const up = await project('one', manifest).up();
      ended(up, 4, 'up');
      contains(up.stderr, ['device-not-coherent', name, 'smmuv3', 'dma-coherent'], 'what up says');
      equal(smmuHost(), before, 'the host');
    });
    test(`the kernel itself refuses to bind ${name}: EINVAL`, () => {
      equal(bindError(bus, name, vfioDriver), 'EINVAL', 'binding it by hand');
      giveBackPlatform(bus, name);
      equal(smmuHost(), before, 'the host');
    });
  }
  cleanup(() => {
    for (const { bus, name } of devices) giveBackPlatform(bus, name);
  });
};

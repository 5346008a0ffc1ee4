import { contains, equal } from './assert.ts';
import { bindPlatform, giveBackPlatform } from './platform.ts';
import type { Scenario } from './scenario.ts';
import { groupOf, haveGroup, mapError, smmuHost, STREAM_DEVICES } from './smmu-devices.ts';
import { describedBySmmu, isRefused } from './smmu-verdict.ts';
import { pagesAround } from './map-probe.ts';
import { msiWindow } from './vfio.ts';

const { card, disk, clock } = STREAM_DEVICES;

/** The same for devices of the platform bus, whose streams the harness chose (machine-tree.ts). */
export const smmuPluginPlatform: Scenario = ({ test, cleanup }) => {
  for (const device of [card, disk, clock]) haveGroup(device);
  const before = smmuHost();

  test('the streams that the plugin shows are those that the tree of the machine was given', async () => {
    for (const [device, stream] of [
      [card, '0x42'],
      [disk, '0x43'],
      [clock, '0x44'],
    ] as const) {
      const said = (await describedBySmmu(device.name)).join('; ');
      contains(said, [`stream ${stream} of /smmuv3@`, 'entry 0 of iommus'], `what is said of ${device.name}`);
    }
  });
  test('R-GROUP-5: at each edge of the MSI window the compiler and the kernel agree about a page of a platform device', async () => {
    const pages = pagesAround(msiWindow(groupOf(disk)));
    const refused: boolean[] = [];
    for (const iova of pages) {
      const memory = [{ iova: `0x${iova.toString(16)}`, size: '4KiB' }];
      const devices = { disk: { platform: disk.name, reset: 'none' as const } };
      const document = { version: 1 as const, name: 'edge', vms: { machine: { devices, memory } } };
      refused.push(await isRefused(document, 'memory-on-reserved-region'));
    }
    equal(refused, [false, true, true, false], 'whether the compiler refuses a page');
    bindPlatform(disk.bus, disk.name, disk.vfioDriver);
    const answers = pages.map((iova) => mapError(disk, iova));
    giveBackPlatform(disk.bus, disk.name);
    equal(answers, [undefined, 'EINVAL', 'EINVAL', undefined], 'what the kernel says');
    equal(smmuHost(), before, 'the host');
  });
  cleanup(() => {
    for (const { bus, name } of [card, disk, clock]) giveBackPlatform(bus, name);
  });
};

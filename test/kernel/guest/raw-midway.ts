import { equal, holds } from './assert.ts';
import { OpenDevice } from './no-iommu.ts';
import { bindPlatform, giveBackPlatform, platformLink, platformNetdevs, platformState } from './platform.ts';
import type { Scenario } from './scenario.ts';
import { resetDevice, succeed } from './vfio.ts';
import { OFF, ON, RUNNING, running, XGMAC, XGMAC_DRIVER } from './xgmac.ts';

/** That the XGMAC works through VFIO on a 32-bit kernel: the product's scenario then tests the product. */
export const rawMidway: Scenario = ({ test, cleanup }) => {
  const before = platformState();
  let device: OpenDevice;

  test('the XGMAC moves from its driver to vfio-platform, and opens', async () => {
    equal(platformLink('platform', XGMAC, 'driver'), XGMAC_DRIVER, 'its driver');
    bindPlatform('platform', XGMAC, 'vfio-platform');
    device = await OpenDevice.open('platform', XGMAC);
    const { flags, regions, irqs } = device.info;
    const level = { flags: 7, count: 1 };
    equal(
      { flags, regions: regions.map(({ flags, size }) => ({ flags, size })), irqs },
      { flags: 5, regions: [{ flags: 7, size: '0x1000' }], irqs: [level, level, level] },
      'what the device tells: RESET and PLATFORM, a region of a page, three level interrupts',
    );
  });
  test("the kernel's reset stops DMA and interrupts", () => {
    for (const [register, value] of RUNNING) device.write(register, value);
    equal(running(device), ON, 'the registers');
    succeed('DEVICE_RESET', resetDevice(device.fd));
    equal(running(device), OFF, 'the registers after the reset');
  });
  test('its registers can be mapped, at the address of a 32-bit machine', () => {
    const [region] = device.info.regions;
    const request = { length: 4096n, hugePageSize: null, fd: device.fd, offset: BigInt(region?.offset ?? 0) };
    const address = device.kernel.mmap(request);
    holds(address > 0n && address < 1n << 32n, `the address 0x${address.toString(16)}`);
    device.kernel.munmap(address, 4096n);
  });
  test('the XGMAC goes back to its driver, with its network interface', () => {
    device.close();
    giveBackPlatform('platform', XGMAC);
    equal(platformState(), before, 'the host');
    equal(platformNetdevs(XGMAC).length, 1, 'the number of its network interfaces');
  });
  cleanup(() => giveBackPlatform('platform', XGMAC));
};

import { driverMadeDevices, linuxDevices } from '../devicetree/index.ts';
import type { DeviceTree, KernelModule, PlatformDevice } from '../model/index.ts';

/** VFIO for platform and AMBA devices as Debian's arm64 kernel has it once it is loaded, but for no-IOMMU mode. */
export const PLATFORM_MODULES: Readonly<Record<string, KernelModule>> = {
  vfio_platform_base: { state: 'loaded', parameters: {} },
  vfio_platform: { state: 'loaded', parameters: { reset_required: 'Y' } },
  vfio_amba: { state: 'loaded', parameters: {} },
};

/** What a test need not say of a device that is not on PCI. */
export const plainPlatformDevice = (
  tree: DeviceTree | null,
  address: string,
  treePath: string | null,
): PlatformDevice => ({
  bus: 'platform',
  address,
  sysfsPath: sysfsPathOf(tree, treePath) ?? `/sys/devices/platform/${address}`,
  treePath,
  driver: null,
  driverOverride: null,
  group: null,
  numaNode: null,
  netdevs: [],
  blocks: [],
});

function sysfsPathOf(tree: DeviceTree | null, treePath: string | null): string | undefined {
  if (!tree || treePath === null) return undefined;
  const devices = [...linuxDevices(tree), ...driverMadeDevices(tree)];
  return devices.find(({ node }) => node.path === treePath)?.sysfsPath;
}

import { resetHandlerOf } from '../../devicetree/reset-handler.ts';
import {
  busOf,
  bytes,
  type HostIndex,
  ownResetMethods,
  type PciDevice,
  type PciNeighbour,
  type ResetTarget,
  type ResolvedDevice,
  type ResolvedManifest,
  type ResolvedPlatformDevice,
  type TargetRegion,
} from '../../model/index.ts';
import { exposedBy } from '../lower/correlation.ts';
import { compatibleOfDevice } from './choose-reset.ts';

/** What vfio-pci calls its regions beyond the BARs (VFIO_PCI_*_REGION_INDEX, linux/vfio.h). */
const PCI_REGIONS: readonly TargetRegion[] = [
  { index: 6, size: null, name: 'ROM' },
  { index: 7, size: null, name: 'configuration space' },
];

/** What the hooks of a reset plugin are told of a device of a manifest. */
export function targetOf(entry: ResolvedDevice, manifest: ResolvedManifest, host: HostIndex): ResetTarget {
  const { device } = entry;
  const path = device.bus === 'pci' ? null : device.treePath;
  const common = {
    device,
    node: (path === null ? undefined : host.tree?.byPath.get(path)) ?? null,
    compatible: compatibleOfDevice(device, host),
    host,
  };
  if (entry.bus !== 'pci') {
    return {
      ...common,
      regions: platformRegions(entry, host),
      kernelHandler: resetHandlerOf(host, entry.device),
      pci: null,
    };
  }
  const beside = host.below.get(busOf(entry.device)) ?? [];
  return {
    ...common,
    regions: pciRegions(entry.device),
    kernelHandler: null,
    pci: {
      neighbours: beside.map((one) => neighbour(one, manifest)),
      ownMethods: ownResetMethods(entry.device, beside),
      methods: entry.device.resetMethods,
    },
  };
}

/** A function that the plan only takes from its driver is its VM's, and not held: that is not enough for a hot reset. */
function neighbour(device: PciDevice, manifest: ResolvedManifest): PciNeighbour {
  const entry = manifest.vms.flatMap((vm) => vm.devices).find((one) => one.device.address === device.address);
  return { device, vm: entry?.vm ?? null, held: entry?.use === 'assign' };
}

/** The BARs of a function, and what vfio-pci has besides. */
export const pciRegions = ({ resources }: PciDevice): TargetRegion[] => [
  ...resources
    .filter(({ index, size }) => index < 6 && size > 0n)
    .map(({ index, size }) => ({ index, size, name: `BAR ${index}` })),
  ...PCI_REGIONS,
];

const platformRegions = (entry: ResolvedPlatformDevice, host: HostIndex): TargetRegion[] =>
  (exposedBy(entry, host)?.regions ?? []).map(({ vfioIndex, size, name }) => ({
    index: vfioIndex,
    size: bytes(size),
    name,
  }));

import { type DeviceTreeNode, type HostDevice, type HostIndex, isPci, liodnOf, type Liodn } from 'vfio-compose/plugin';

/** Where the LIODN of a device is written, and what is there. */
export interface Source {
  readonly node: DeviceTreeNode;
  /** The controller whose LIODN the device shares; null where it is the device's own. */
  readonly controller: string | null;
  readonly liodn: Liodn | null;
}

/**
 * The node that says the LIODN of a device: its own; for a PCI function, the one of the controller, since what a PAMU sees of it
 * is the controller (`fsl_pamu_attach_device` in drivers/iommu/fsl_pamu_domain.c). Null where the tree has no such node.
 */
export function sourceOf(device: HostDevice, host: HostIndex): Source | null {
  const { tree } = host;
  if (!tree) return null;
  const owner = isPci(device) ? controllerOf(device.sysfsPath, host) : device;
  if (!owner || isPci(owner) || owner.treePath === null) return null;
  const node = tree.byPath.get(owner.treePath);
  if (!node) return null;
  return { node, controller: isPci(device) ? owner.address : null, liodn: liodnOf(tree, node) };
}

/** The platform device that a PCI function is below, in sysfs. */
const controllerOf = (sysfsPath: string, { inventory }: HostIndex): HostDevice | undefined =>
  inventory.devices.find((device) => !isPci(device) && sysfsPath.startsWith(`${device.sysfsPath}/pci`));

/** Entries of the table that LIODNs index (`PAACE_NUMBER_ENTRIES` in drivers/iommu/fsl_pamu.h). */
export const LIODN_END = 0x500;

export const liodnInWords = (id: number): string => `0x${id.toString(16)}`;

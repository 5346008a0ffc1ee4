import { compatibleOf, disabledBy, linuxNameOf, regRegions, smmuOf } from '../../devicetree/index.ts';
import type { DeviceTree, DeviceTreeNode, IommuUnit } from '../../model/index.ts';

const VIRTIO = 'virtio,pci-iommu';
const PAMU = 'fsl,pamu';

/** The kind of IOMMU that a node is; null where it is none. */
export function unitKindOf(node: DeviceTreeNode): IommuUnit['kind'] | null {
  const compatibles = compatibleOf(node);
  const smmu = smmuOf(node);
  if (smmu) return smmu;
  if (compatibles.includes(VIRTIO)) return 'virtio';
  if (compatibles.includes(PAMU)) return 'pamu';
  return node.properties.has('#iommu-cells') ? 'other' : null;
}

/** Whether Linux would drive a PAMU: its driver takes the first one as the sign of all (fsl_pamu_init). */
export const hasPamu = (tree: DeviceTree): boolean => tree.nodes.some((node) => isPamu(node) && !disabledBy(node));

const isPamu = (node: DeviceTreeNode): boolean => compatibleOf(node).includes(PAMU);

/** The IOMMU units that Linux would drive, named as in /sys/class/iommu. All PAMUs together are one. */
export function unitsOf(tree: DeviceTree): IommuUnit[] {
  const units = new Map<string, IommuUnit>();
  for (const node of tree.nodes) {
    const kind = unitKindOf(node);
    if (kind === null || disabledBy(node)) continue;
    const name = unitName(tree, node, kind);
    // A PAMU translates 36 bits (fsl_pamu_domain_alloc in drivers/iommu/fsl_pamu_domain.c); of others their registers say it.
    if (!units.has(name)) units.set(name, { name, kind, addressBits: kind === 'pamu' ? 36 : null });
  }
  return [...units.values()];
}

/** As the drivers call iommu_device_sysfs_add: by address, by device, or, for PAMU, by one fixed name. */
function unitName(tree: DeviceTree, node: DeviceTreeNode, kind: IommuUnit['kind']): string {
  if (isPamu(node)) return 'iommu0';
  const first = regRegions(tree, node)[0]?.cpuAddress;
  const address = first?.kind === 'address' ? `0x${first.address.toString(16).padStart(16, '0')}` : null;
  if (kind === 'smmu-v3' && address !== null) return `smmu3.${address}`;
  if (kind === 'smmu-v2' && address !== null) return `smmu.${address}`;
  return linuxNameOf(tree, node);
}

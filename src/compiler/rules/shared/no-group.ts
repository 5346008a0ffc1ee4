import { compatibleOf, disabledBy, liodnOf, streamsOf } from '../../../devicetree/index.ts';
import { nodeOf } from '../../../model/index.ts';
import type { HostIndex, ResolvedPlatformDevice } from '../../../model/index.ts';

const usualDriver = ({ bus }: ResolvedPlatformDevice['device']): string =>
  bus === 'amba' ? 'vfio-amba' : 'vfio-platform';

/** What is missing for a platform device to be in an IOMMU group, in a sentence that names the property (R-GROUP-3). */
export function whyNoGroup({ device }: ResolvedPlatformDevice, host: HostIndex): string {
  const { tree } = host;
  const node = nodeOf(device, host);
  if (!tree || !node) {
    return 'No device tree describes it, so the firmware (ACPI table IORT) has to say which IOMMU it is behind, or the host has none.';
  }
  const liodn = liodnOf(tree, node);
  if (liodn?.pamu) {
    return `It is behind the PAMU ${liodn.pamu.path}: the kernel needs CONFIG_FSL_PAMU, and a boot loader that writes "fsl,liodn" into ${node.path}.`;
  }
  const { streams, broken } = streamsOf(tree, node);
  if (broken !== null) return `The "iommus" of ${node.path} cannot be read: ${broken}.`;
  const [stream] = streams;
  if (!stream) {
    const above = node.parent && streamsOf(tree, node.parent).streams.length > 0;
    const only = above ? ` Those of ${node.parent.path} do not count for it.` : '';
    return `Its node ${node.path} has no "iommus", which would say its IOMMU and its stream ids.${only}`;
  }
  const { iommu } = stream;
  const off = disabledBy(iommu);
  if (off) return `Its IOMMU ${iommu.path} is switched off: the "status" of ${off.path} is not "okay".`;
  if (device.driver === null && host.inventory.iommu.units.length > 0) {
    return `Its IOMMU is ${iommu.path}, but no driver has been tried on the device yet, and only then does the kernel look at its "iommus" (dma_configure, drivers/base/dd.c). Bind it once, to ${usualDriver(device)} or to its own driver; the group then stays.`;
  }
  return `Its IOMMU is ${iommu.path} (${compatibleOf(iommu)[0] ?? 'without "compatible"'}), and the kernel has not taken it into use: it has no driver for it, or the driver failed, or a parameter of the kernel switches it off.`;
}

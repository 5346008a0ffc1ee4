import { coherency } from '../../devicetree/index.ts';
import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { isolatedDevices, isPlatformEntry } from './shared/assignments.ts';

export const deviceNotCoherent = defineDiagnostic({
  code: 'device-not-coherent',
  severity: 'error',
  category: 'host',
  summary: 'The device is not cache-coherent through its IOMMU',
  explanation: `VFIO gives a device away only if its DMA through the IOMMU sees the CPU's caches: user space has no way to clean and
invalidate them. Binding the device otherwise fails with EINVAL, "probe with driver vfio-platform failed with error -22"
(IOMMU_CAP_CACHE_COHERENCY in drivers/vfio/vfio_main.c).

- An SMMUv3 answers for itself: its own node has to be \`dma-coherent\` (arm-smmu-v3.c).
- An SMMUv1 or v2 is content if it or the device is \`dma-coherent\` (arm-smmu.c). The property may also stand on a node
  above, such as the bus.
- The drivers of most IOMMUs that serve a single display or codec (Rockchip, Exynos, Allwinner, MediaTek, OMAP, Renesas,
  Tegra before 186, Apple) have no answer, and that counts as no (device_iommu_capable in drivers/iommu/iommu.c): no
  device behind them can be given away with isolation, whatever the tree says.

The finding names the nodes that lack it. Do **not** simply add the property: on hardware that is not coherent, data is
then corrupted silently. Ask the vendor's documentation of the chip; where the hardware is coherent, the firmware's tree
or an overlay has to say so.`,
});

export const coherencyUnknown = defineDiagnostic({
  code: 'coherency-unknown',
  severity: 'note',
  category: 'host',
  summary: 'It is not known whether the device is cache-coherent',
  explanation: `VFIO refuses a device whose DMA does not see the CPU's caches (see \`device-not-coherent\`), and what decides is the
driver of its IOMMU. Nothing is known about this IOMMU. If binding fails with EINVAL, this is the first thing to look at.`,
});

/** The kernel refuses devices whose way through the IOMMU is not cache-coherent (R-GROUP-5). */
export const deviceNotCoherentRule: Rule = {
  id: 'device-not-coherent',
  reports: [deviceNotCoherent, coherencyUnknown],
  check({ manifest, host }) {
    const { tree } = host;
    if (!tree) return [];
    return isolatedDevices(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) => {
        const node = nodeOf(entry.device, host);
        if (!node || entry.use === 'detach' || entry.device.group === null) return [];
        const verdict = coherency(tree, node);
        if (verdict.kind === 'unknown') {
          const detail = `Whether the DMA of ${titleOf(entry)} sees the CPU's caches is not known: ${verdict.reason}. If binding it fails with EINVAL, it does not.`;
          return [coherencyUnknown({ detail, at: entry.selectorAt })];
        }
        if (verdict.kind !== 'not-coherent') return [];
        if (verdict.lacking.length === 0) {
          const detail = `The DMA of ${titleOf(entry)} does not count as seeing the CPU's caches: ${verdict.reason}. The kernel refuses to bind it to VFIO (EINVAL), and no property of the tree changes that. Leave the device with the host, or take one behind another IOMMU.`;
          return [deviceNotCoherent({ detail, at: entry.selectorAt })];
        }
        const detail = `The DMA of ${titleOf(entry)} does not see the CPU's caches: ${verdict.reason}. The kernel refuses to bind it to VFIO (EINVAL). Only where the hardware is coherent after all may the firmware's tree say so; on hardware that is not, that corrupts data.`;
        return [deviceNotCoherent({ detail, at: entry.selectorAt })];
      });
  },
};

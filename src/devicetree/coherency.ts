import { compatibleOf } from './compatible.ts';
import { coherentByDefault } from './machine.ts';
import { smmuOf } from './smmu.ts';
import { streamsOf } from './streams.ts';
import { dmaParent } from './translate.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** Whether a node's DMA sees the CPU's caches, and who said so; `saidBy` is null for the architecture's default. */
export interface DmaCoherence {
  readonly coherent: boolean;
  readonly saidBy: DeviceTreeNode | null;
}

/**
 * `dma-coherent` or `dma-noncoherent`, of the node or of the nearest node above on its way to memory that has one; else
 * the architecture's default (of_dma_is_coherent in drivers/of/address.c).
 */
export function dmaCoherence(tree: DeviceTree, node: DeviceTreeNode): DmaCoherence {
  let at: DeviceTreeNode | null = node;
  for (let levels = 0; at && levels <= 256; levels += 1) {
    if (at.properties.has('dma-coherent')) return { coherent: true, saidBy: at };
    if (at.properties.has('dma-noncoherent')) return { coherent: false, saidBy: at };
    at = dmaParent(tree, at);
  }
  return { coherent: coherentByDefault(tree), saidBy: null };
}

/** Whether VFIO will find a device's way through its IOMMU cache-coherent. */
export type Coherency =
  | { readonly kind: 'coherent'; readonly iommu: DeviceTreeNode; readonly reason: string }
  | {
      readonly kind: 'not-coherent';
      readonly iommu: DeviceTreeNode;
      /** The nodes that lack `dma-coherent`; on any one of them it would do. None where nothing in the tree could help. */
      readonly lacking: readonly DeviceTreeNode[];
      readonly reason: string;
    }
  | { readonly kind: 'no-iommu' }
  | { readonly kind: 'unknown'; readonly iommu: DeviceTreeNode; readonly reason: string };

/** IOMMUs that always answer yes: the `capable` of drivers/iommu/virtio-iommu.c, qcom_iommu.c and fsl_pamu_domain.c. */
const ALWAYS: ReadonlySet<string> = new Set([
  'virtio,pci-iommu',
  'virtio,mmio',
  'qcom,msm-iommu-v1',
  'qcom,msm-iommu-v2',
  'fsl,pamu',
]);

/**
 * IOMMUs whose drivers have no `capable`, which counts as no (device_iommu_capable in drivers/iommu/iommu.c, 6.12):
 * rockchip-iommu, exynos-iommu, sun50i-iommu, mtk_iommu, mtk_iommu_v1, msm_iommu, omap-iommu, ipmmu-vmsa, sprd-iommu,
 * apple-dart and tegra-smmu, by their tables of compatibles.
 */
const NEVER: readonly RegExp[] = [
  /^rockchip,(rk3568-)?iommu$/,
  /^samsung,exynos-sysmmu$/,
  /^allwinner,sun50i-h6(16)?-iommu$/,
  /^mediatek,mt\d{4}-(m4u|iommu-(mm|infra|vdo|vpp))$/,
  /^qcom,apq8064-iommu$/,
  /^ti,(omap[24]|dra7|dra7-dsp)-iommu$/,
  /^renesas,(ipmmu-(vmsa|r8a\w+)|rcar-gen4-ipmmu-vmsa)$/,
  /^sprd,iommu-v1$/,
  /^apple,(t8103|t8103-usb4|t8110|t6000)-dart$/,
  /^nvidia,tegra(30|114|124|132|210)-mc$/,
];

/**
 * Predicts IOMMU_CAP_CACHE_COHERENCY, without which VFIO refuses a device with EINVAL (vfio_register_group_dev in
 * drivers/vfio/vfio_main.c): an SMMUv3 answers for itself (arm_smmu_capable in arm-smmu-v3.c), an older SMMU is content
 * if it or the device is coherent (arm-smmu.c). Looks at the node's own `iommus`; for a PCI function give the SMMU of
 * its host bridge to {@link coherencyBehind}.
 */
export function coherency(tree: DeviceTree, node: DeviceTreeNode): Coherency {
  const [stream] = streamsOf(tree, node).streams;
  return stream ? coherencyBehind(tree, node, stream.iommu) : { kind: 'no-iommu' };
}

/** The same for a device whose IOMMU is known; `node` is the device's, or for a PCI function its host bridge's. */
export function coherencyBehind(tree: DeviceTree, node: DeviceTreeNode, iommu: DeviceTreeNode): Coherency {
  const compatible = compatibleOf(iommu);
  const smmu = smmuOf(iommu);
  const v3 = smmu === 'smmu-v3';
  if (compatible.some((entry) => ALWAYS.has(entry)))
    return { kind: 'coherent', iommu, reason: `${iommu.path} always is` };
  if (NEVER.some((pattern) => compatible.some((entry) => pattern.test(entry)))) {
    const reason = `the driver of ${iommu.path} (${compatible[0] ?? ''}) does not answer for any device`;
    return { kind: 'not-coherent', iommu, lacking: [], reason };
  }
  if (smmu === null) {
    return {
      kind: 'unknown',
      iommu,
      reason: `nothing is known about ${iommu.path} (${compatible[0] ?? 'no "compatible"'})`,
    };
  }
  for (const at of v3 ? [iommu] : [iommu, node]) {
    if (dmaCoherence(tree, at).coherent) return { kind: 'coherent', iommu, reason: `${at.path} is "dma-coherent"` };
  }
  const lacking = v3 ? [iommu] : [iommu, node];
  const reason = `${lacking.map(({ path }) => path).join(' and ')} ${v3 ? 'lacks' : 'lack'} "dma-coherent"`;
  return { kind: 'not-coherent', iommu, lacking, reason };
}

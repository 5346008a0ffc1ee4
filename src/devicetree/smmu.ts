import { compatibleOf } from './compatible.ts';
import type { DeviceTreeNode } from '../model/index.ts';

/** arm_smmu_of_match in drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c. */
const V3: ReadonlySet<string> = new Set(['arm,smmu-v3']);
/** arm_smmu_of_match in drivers/iommu/arm/arm-smmu/arm-smmu.c. */
const V2: ReadonlySet<string> = new Set([
  'arm,smmu-v1',
  'arm,smmu-v2',
  'arm,mmu-400',
  'arm,mmu-401',
  'arm,mmu-500',
  'cavium,smmu-v2',
  'nvidia,smmu-500',
  'qcom,smmu-v2',
]);

/** Which of Linux's two drivers for Arm's SMMU takes a node: that of version 3, or that of 1 and 2; null for neither. */
export function smmuOf(node: DeviceTreeNode): 'smmu-v3' | 'smmu-v2' | null {
  const compatible = compatibleOf(node);
  if (compatible.some((entry) => V3.has(entry))) return 'smmu-v3';
  return compatible.some((entry) => V2.has(entry)) ? 'smmu-v2' : null;
}

import type { NodeLiteral } from './device-tree.ts';

/** Phandles of {@link soc}'s own nodes; tests give theirs from 100 on. */
export const SOC = { gic: 1, its: 2, v2m: 3, smmuV3: 4, smmuV2: 5, coherentSmmu: 6, riscvIommu: 7 } as const;

/** The tree of a small arm64 machine: interrupt and MSI controllers, IOMMUs, and `/soc`, whose addresses are the CPU's. */
export const soc = (children: NodeLiteral, beside: NodeLiteral = {}): NodeLiteral => ({
  '#address-cells': 1,
  '#size-cells': 1,
  'interrupt-parent': SOC.gic,
  'gic@1000000': {
    compatible: 'arm,gic-v3',
    'interrupt-controller': true,
    '#interrupt-cells': 3,
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: true,
    reg: [0x100_0000, 0x1_0000],
    phandle: SOC.gic,
    'its@1080000': {
      compatible: 'arm,gic-v3-its',
      'msi-controller': true,
      '#msi-cells': 1,
      reg: [0x108_0000, 0x1_0000],
      phandle: SOC.its,
    },
  },
  'v2m@2000000': {
    compatible: 'arm,gic-v2m-frame',
    'msi-controller': true,
    reg: [0x200_0000, 0x1000],
    phandle: SOC.v2m,
  },
  'iommu@3000000': { compatible: 'arm,smmu-v3', '#iommu-cells': 1, reg: [0x300_0000, 0x2_0000], phandle: SOC.smmuV3 },
  'iommu@4000000': { compatible: 'arm,mmu-500', '#iommu-cells': 1, reg: [0x400_0000, 0x1_0000], phandle: SOC.smmuV2 },
  'iommu@5000000': {
    compatible: 'arm,smmu-v3',
    '#iommu-cells': 1,
    'dma-coherent': true,
    reg: [0x500_0000, 0x2_0000],
    phandle: SOC.coherentSmmu,
  },
  'iommu@6000000': { compatible: 'riscv,iommu', '#iommu-cells': 1, reg: [0x600_0000, 0x1000], phandle: SOC.riscvIommu },
  cpus: { '#address-cells': 1, '#size-cells': 0, 'cpu@0': { compatible: 'arm,cortex-a57', reg: 0 } },
  ...beside,
  soc: { compatible: 'simple-bus', '#address-cells': 1, '#size-cells': 1, ranges: true, ...children },
});

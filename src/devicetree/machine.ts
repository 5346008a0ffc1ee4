import { compatibleOf } from './compatible.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

export type Architecture = 'arm' | 'powerpc' | 'riscv' | 'other';

/** The architecture that a tree is for, by what its CPUs say they are. */
export function architectureOf(tree: DeviceTree): Architecture {
  for (const cpu of cpusOf(tree)) {
    if (cpu.name.startsWith('PowerPC,')) return 'powerpc';
    for (const compatible of compatibleOf(cpu)) {
      if (compatible.startsWith('PowerPC,') || compatible === 'fsl,e500mc') return 'powerpc';
      if (compatible.startsWith('arm,')) return 'arm';
      if (compatible === 'riscv') return 'riscv';
    }
    // The boards of 64-bit ARM whose cores are the vendor's own all start their CPUs this way.
    if (cpu.properties.has('enable-method')) return 'arm';
  }
  return 'other';
}

function cpusOf(tree: DeviceTree): readonly DeviceTreeNode[] {
  return tree.byPath.get('/cpus')?.children ?? [];
}

/** PowerPC cores whose caches DMA does not see: 44x, 8xx and 512x (NOT_COHERENT_CACHE in arch/powerpc/platforms/Kconfig.cputype). */
const NOT_COHERENT_CPU = /^PowerPC,(44\d|8\d\d|512\d)(?!\d)/;

/**
 * Whether Linux takes a device that says nothing about it for coherent: ARCH_DMA_DEFAULT_COHERENT, which PowerPC (but
 * for cores with incoherent caches) and RISC-V select in their Kconfig.
 */
export function coherentByDefault(tree: DeviceTree): boolean {
  switch (architectureOf(tree)) {
    case 'riscv':
      return true;
    case 'powerpc':
      return !cpusOf(tree).some(({ name }) => NOT_COHERENT_CPU.test(name));
    case 'arm':
    case 'other':
      return false;
  }
}

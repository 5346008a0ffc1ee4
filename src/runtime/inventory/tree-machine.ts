import { compatibleOf, isCompatible, stringOf } from '../../devicetree/index.ts';
import type { DeviceTree, KernelModule } from '../../model/index.ts';

/** What `uname -m` says on a machine, by a `compatible` of its processors or by the old names of their nodes. */
const MACHINES: readonly (readonly [RegExp, string])[] = [
  [/^arm,arm11/, 'armv6l'],
  [/^arm,arm9/, 'armv5tejl'],
  [/^(arm,cortex-a(5|7|8|9|12|15|17|32)|brcm,brahma-b15|marvell,pj4a?|qcom,(krait|scorpion))$/, 'armv7l'],
  [/^(marvell,(feroceon|sheeva-v[57])|faraday,fa526)$/, 'armv5tejl'],
  [/^arm,(cortex-m|armv7m)/, 'armv7ml'],
  [/^arm,/, 'aarch64'],
  [/^PowerPC,POWER(8|9|1\d)/, 'ppc64le'],
  [/^PowerPC,(POWER|970|G5|e5500|e6500|A2|PA6T)/, 'ppc64'],
  [/^(PowerPC,|fsl,e500)/, 'ppc'],
  [/^loongson,la/, 'loongarch64'],
  [/^(mips,|brcm,bmips|ingenic,)/, 'mips'],
];

/**
 * The machine that a tree is for, as `uname -m` of a kernel of its usual kind would say: one of 32 bits on a 32-bit
 * processor, of 64 on a 64-bit one. `unknown` where its processors do not tell.
 */
export function machineNameOf(tree: DeviceTree): string {
  const cpus = (tree.byPath.get('/cpus')?.children ?? []).filter(
    (node) =>
      node.name.startsWith('PowerPC,') || stringOf(node, 'device_type') === 'cpu' || /^cpu(@|$)/.test(node.name),
  );
  for (const cpu of cpus) {
    for (const name of [cpu.name, ...compatibleOf(cpu)]) {
      const machine = MACHINES.find(([pattern]) => pattern.test(name))?.[1];
      if (machine !== undefined) return machine;
    }
    if (isCompatible(cpu, new Set(['riscv']))) {
      return (stringOf(cpu, 'riscv,isa') ?? stringOf(cpu, 'riscv,isa-base') ?? '').startsWith('rv32')
        ? 'riscv32'
        : 'riscv64';
    }
  }
  // Boards of 64-bit ARM whose cores are the vendor's own all start their processors this way.
  return cpus.some((cpu) => cpu.properties.has('enable-method')) ? 'aarch64' : 'unknown';
}

const available = (parameters: Record<string, string> = {}): KernelModule => ({ state: 'available', parameters });

/**
 * VFIO as a kernel with all of it has it, nothing loaded yet, with what its parameters are by default (drivers/vfio of
 * Linux 6.12). The bus drivers and reset handlers are taken to be there on every architecture: Kconfig offers those for
 * platform devices on ARM alone, and whoever plans for another one has a kernel of their own.
 */
export const completeVfio = (): Record<string, KernelModule> => ({
  vfio: available({ enable_unsafe_noiommu_mode: 'N' }),
  vfio_amba: available(),
  vfio_cdx: available(),
  vfio_fsl_mc: available(),
  vfio_iommu_type1: available({ allow_unsafe_interrupts: 'N', disable_hugepages: 'N', dma_entry_limit: '65535' }),
  vfio_pci: available(),
  vfio_pci_core: available(),
  // What its reset_required is, whoever loads it decides: afterwards it cannot be written.
  vfio_platform: available(),
  vfio_platform_amdxgbe: available(),
  vfio_platform_base: available(),
  vfio_platform_bcmflexrm: available(),
  vfio_platform_calxedaxgmac: available(),
});

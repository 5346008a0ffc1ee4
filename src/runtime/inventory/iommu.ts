import type { HostInventory, IommuUnit } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/** A unit that a kernel built for testing itself pretends to have (drivers/iommu/iommufd/selftest.c): it translates nothing. */
const SELF_TEST = 'iommufd_selftest_iommu';

/** The IOMMU units that the kernel drives. */
export function readIommuUnits(files: HostFiles): IommuUnit[] {
  const units = files.names(HostPath.iommuClass).filter((name) => !name.startsWith(SELF_TEST));
  return units.map((name) => {
    const directory = `${HostPath.iommuClass}/${name}`;
    const kind = unitKind(name, files.linkName(`${directory}/device`) ?? '');
    const capability = kind === 'intel' ? files.attribute(`${directory}/intel-iommu/cap`) : null;
    return { name, kind, addressBits: capability === null ? null : intelAddressBits(capability) };
  });
}

/**
 * The kind of a unit, from the name its driver gives it: dmar0, ivhd0, smmu3.0x…, smmu.0x…. A virtio one is named after
 * its transport, so its parent device, virtio3, tells (drivers/iommu, iommu_device_sysfs_add()).
 */
function unitKind(name: string, parent: string): IommuUnit['kind'] {
  if (/^dmar\d/.test(name)) return 'intel';
  if (/^ivhd\d/.test(name)) return 'amd';
  if (name.startsWith('smmu3.')) return 'smmu-v3';
  if (name.startsWith('smmu.')) return 'smmu-v2';
  return /^virtio\d+$/.test(parent) ? 'virtio' : 'other';
}

/** Address widths by bit of SAGAW: 3, 4 and 5 levels of page tables (Intel VT-d specification, Capability Register). */
const SAGAW_BITS = [
  [3, 57],
  [2, 48],
  [1, 39],
] as const;

/**
 * The width of an IOVA behind an Intel unit: the smaller of what it decodes (MGAW, bits 21:16, plus one) and what its
 * widest page table covers (SAGAW, bits 12:8). Null for text that is not a capability register.
 */
export function intelAddressBits(capability: string): number | null {
  if (!/^[0-9a-f]{1,16}$/i.test(capability)) return null;
  const register = BigInt(`0x${capability}`);
  const decoded = Number((register >> 16n) & 0x3fn) + 1;
  const levels = Number((register >> 8n) & 0x1fn);
  const widest = SAGAW_BITS.find(([bit]) => ((levels >> bit) & 1) === 1);
  return widest ? Math.min(decoded, widest[1]) : null;
}

/**
 * Whether a device can forge another one's interrupts, as far as the names of the interrupt chips show it: `IR-…` is
 * interrupt remapping on x86, `ITS-…` an interrupt translation service on arm64. An x86 host with IOMMU units and plain
 * chips has remapping off; anything else does not show it.
 */
export function interruptRemapping(
  interrupts: string,
  architecture: string,
  units: readonly IommuUnit[],
): HostInventory['iommu']['interruptRemapping'] {
  if (/^(?:x86_64|i[3-6]86)$/.test(architecture)) {
    if (/\sIR-\S/.test(interrupts)) return true;
    return units.length > 0 && /\s(?:PCI-MSIX?|IO-APIC)\b/.test(interrupts) ? false : null;
  }
  return architecture === 'aarch64' && /\sITS-\S/.test(interrupts) ? true : null;
}

import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { HostIndex, PciDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { isolatedDevices } from './shared/assignments.ts';
import { whyNoGroup } from './shared/no-group.ts';

export const deviceWithoutGroup = defineDiagnostic({
  code: 'device-without-group',
  severity: 'error',
  category: 'host',
  summary: 'No IOMMU isolates the device',
  explanation: `VFIO hands out IOMMU groups: without one, nothing keeps the device's DMA inside the memory of its owner,
and the kernel refuses to bind it (drivers/vfio/group.c). A device has a group when it has an \`iommu_group\` link in
sysfs.

- No IOMMU at all (/sys/class/iommu is empty): switch it on. On x86 that is VT-d (Intel) or AMD-Vi (AMD) in the firmware
  setup, and with Intel mostly \`intel_iommu=on\` on the kernel command line. On arm64 the firmware has to describe the
  SMMU (a node in the device tree with \`iommu-map\` at the PCI host, or the ACPI table IORT), and the kernel needs
  CONFIG_ARM_SMMU or CONFIG_ARM_SMMU_V3.
- An IOMMU, but not for this device: the firmware leaves it or its bus out (ACPI table DMAR, IVRS or IORT, or the device
  tree's \`iommu-map\`), or the IOMMU is switched off for it (for example \`intel_iommu=igfx_off\`).

- A platform device: Linux looks for \`iommus\` in the device's own node alone (of_iommu_configure in
  drivers/iommu/of_iommu.c), never above it; or the IOMMU that it names is switched off in the tree, or the kernel has no
  driver for it.

The no-IOMMU mode of VFIO has no isolation at all and is never used silently: only a manifest that says \`iommu: noiommu\`
for a VM gets it.`,
});

/** Every device of a plan is in an IOMMU group (R-GROUP-3). */
export const deviceWithoutGroupRule: Rule = {
  id: 'device-without-group',
  reports: [deviceWithoutGroup],
  check({ manifest, host }) {
    return isolatedDevices(manifest)
      .filter((entry) => entry.device.group === null && entry.origin.kind !== 'child')
      .map((entry) => {
        const why = entry.bus === 'pci' ? whatIsMissing(entry.device, host) : `${whyNoGroup(entry, host)} ${BY_NAME}`;
        const detail = `${titleOf(entry)} is in no IOMMU group, so VFIO cannot take it. ${why}`;
        return deviceWithoutGroup({ detail, at: entry.selectorAt });
      });
  },
};

const BY_NAME =
  'Without an IOMMU, VFIO gives a device out only without any isolation, and only where the manifest asks for that by name: "iommu: noiommu".';

function whatIsMissing({ driver }: PciDevice, { inventory, tree }: HostIndex): string {
  const units = inventory.iommu.units.map((unit) => unit.name);
  if (units.length > 0) {
    if (tree && driver === null) return NEVER_TRIED;
    return `The host's IOMMU (${units.slice(0, 4).join(', ')}${units.length > 4 ? ', …' : ''}) does not cover this device: the firmware's tables (DMAR, IVRS, IORT or the device tree's iommu-map) leave it or its bus out, or a kernel parameter switches the IOMMU off for it.`;
  }
  const { architecture } = inventory.kernel;
  return `The host has no IOMMU switched on. ${HOW_TO_SWITCH_ON.get(architecture) ?? `Look up how the IOMMU of this machine (${architecture}) is switched on, in its firmware and on the kernel command line.`}`;
}

const NEVER_TRIED =
  'No driver has been tried on the device yet, and on a machine with a device tree the kernel looks at the iommu-map of the host bridge only then (dma_configure, drivers/base/dd.c). Bind it once, to vfio-pci or to its own driver; the group then stays. If none comes, the map leaves the device out.';

const X86 =
  'Switch on VT-d (Intel) or AMD-Vi, often called "IOMMU" (AMD), in the firmware setup; with Intel add intel_iommu=on to the kernel command line; then restart.';

const HOW_TO_SWITCH_ON: ReadonlyMap<string, string> = new Map([
  ['x86_64', X86],
  ['i686', X86],
  [
    'aarch64',
    'The firmware has to describe the SMMU: a node in the device tree with iommu-map at the PCI host bridge, or the ACPI table IORT; the kernel needs CONFIG_ARM_SMMU or CONFIG_ARM_SMMU_V3.',
  ],
  [
    'riscv64',
    'The firmware has to describe the IOMMU in the device tree (iommu-map at the PCI host bridge) and the kernel needs CONFIG_RISCV_IOMMU.',
  ],
]);

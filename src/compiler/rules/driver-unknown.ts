import { defineDiagnostic, isVfioDriver } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices } from './shared/assignments.ts';
import { titleOf } from './shared/words.ts';

export const driverUnknown = defineDiagnostic({
  code: 'driver-unknown',
  severity: 'error',
  category: 'manifest',
  summary: 'This is not a VFIO driver',
  explanation: `\`driver\` names the driver that hands the device to user space: vfio-pci, or a vendor's own VFIO driver such as
mlx5_vfio_pci (\`modinfo\` shows aliases that begin with \`vfio_pci:\`). Other drivers, among them uio_pci_generic, igb_uio
and pci-stub, do not offer VFIO: no group node appears, and nothing isolates the device's DMA.

Leave \`driver\` out for vfio-pci.`,
});

/** A device is bound to a VFIO driver. */
export const driverUnknownRule: Rule = {
  id: 'driver-unknown',
  reports: [driverUnknown],
  check({ manifest }) {
    return assignedDevices(manifest)
      .filter((entry) => !isVfioDriver(entry.driver))
      .map((entry) => {
        const detail = `${titleOf(entry)} is to be bound to ${entry.driver}, which is not a VFIO driver. Leave "driver" out for vfio-pci, or name a vendor's VFIO driver, such as mlx5_vfio_pci.`;
        return driverUnknown({ detail, at: entry.at });
      });
  },
};

import { defineDiagnostic, isVfioDriver, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices } from './shared/assignments.ts';

export const driverUnknown = defineDiagnostic({
  code: 'driver-unknown',
  severity: 'error',
  category: 'manifest',
  summary: 'This is not a VFIO driver for the device',
  explanation: `\`driver\` names the driver that hands the device to user space: vfio-pci, or a vendor's own VFIO driver such as
mlx5_vfio_pci (\`modinfo\` shows aliases that begin with \`vfio_pci:\`). Other drivers, among them uio_pci_generic, igb_uio
and pci-stub, do not offer VFIO: no group node appears, and nothing isolates the device's DMA.

The driver also has to be one of the device's bus: vfio-pci takes PCI functions, vfio-platform platform devices, vfio-amba
AMBA devices.

Leave \`driver\` out for the one of the bus.`,
});

/** The bus of each driver of the kernel that is not a vendor's. */
const BUSES: ReadonlyMap<string, string> = new Map([
  ['vfio-pci', 'pci'],
  ['vfio-platform', 'platform'],
  ['vfio-amba', 'amba'],
  ['vfio-fsl-mc', 'fsl-mc'],
  ['vfio-cdx', 'cdx'],
]);

/** A device is bound to a VFIO driver of its bus. */
export const driverUnknownRule: Rule = {
  id: 'driver-unknown',
  reports: [driverUnknown],
  check({ manifest }) {
    return assignedDevices(manifest).flatMap((entry) => {
      const bus = BUSES.get(entry.driver.replaceAll('_', '-'));
      if (isVfioDriver(entry.driver) && (bus ?? entry.bus) === entry.bus) return [];
      const usual = [...BUSES].find(([, one]) => one === entry.bus)?.[0];
      const why = isVfioDriver(entry.driver)
        ? `which takes devices of the bus ${bus}, and this one is on the bus ${entry.bus}`
        : 'which is not a VFIO driver';
      const vendor = entry.bus === 'pci' ? ", or name a vendor's VFIO driver, such as mlx5_vfio_pci" : '';
      const detail = `${titleOf(entry)} is to be bound to ${entry.driver}, ${why}. Leave "driver" out for ${usual}${vendor}.`;
      return [driverUnknown({ detail, at: entry.at })];
    });
  },
};

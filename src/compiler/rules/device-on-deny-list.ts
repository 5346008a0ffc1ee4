import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry } from './shared/assignments.ts';

export const deviceOnDenyList = defineDiagnostic({
  code: 'device-on-deny-list',
  severity: 'error',
  category: 'host',
  summary: 'vfio-pci refuses this kind of device',
  explanation: `vfio-pci keeps a list of devices with errata that make them unsafe in the hands of an untrusted user
(vfio_pci_dev_in_denylist() in drivers/vfio/pci/vfio_pci.c): Intel QuickAssist DH895xCC, C3xxx and C62x with their
virtual functions, and the Intel DSA and IAA accelerators of Sapphire Rapids. Binding fails with EINVAL.

Where the user of the device is trusted, load the module with \`vfio-pci.disable_denylist=1\`; it can be set only at load
time or on the kernel command line.`,
});

/** Vendor and device ids from include/linux/pci_ids.h: QAT DH895xCC, C3xxx, C62x (PF, VF each), DSA and IAX SPR0. */
const DENIED: ReadonlySet<string> = new Set([
  '8086:0435',
  '8086:0443',
  '8086:19e2',
  '8086:19e3',
  '8086:37c8',
  '8086:37c9',
  '8086:0b25',
  '8086:0cfe',
]);

/** vfio-pci refuses what is on its deny list (R-GROUP-5). A vendor's own VFIO driver has no such list. */
export const deviceOnDenyListRule: Rule = {
  id: 'device-on-deny-list',
  reports: [deviceOnDenyList],
  check({ manifest, host }) {
    if (host.inventory.modules['vfio_pci']?.parameters['disable_denylist'] === 'Y') return [];
    return assignedDevices(manifest)
      .filter(isPciEntry)
      .filter(({ driver, device }) => driver === 'vfio-pci' && DENIED.has(`${device.vendor}:${device.device}`))
      .map((entry) => {
        const id = `${entry.device.vendor}:${entry.device.device}`;
        const detail = `${titleOf(entry)} has the id ${id}, which is on the deny list of vfio-pci for errata that its user could exploit. Where the user is trusted, load the module with vfio-pci.disable_denylist=1.`;
        return deviceOnDenyList({ detail, at: entry.selectorAt });
      });
  },
};

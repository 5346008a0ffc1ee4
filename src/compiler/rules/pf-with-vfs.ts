import { defineDiagnostic, isVfioDriver, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { everyDevice, isPciEntry } from './shared/assignments.ts';

export const pfWithVfs = defineDiagnostic({
  code: 'pf-with-vfs',
  severity: 'error',
  category: 'host',
  summary: 'The device has virtual functions switched on',
  explanation: `vfio-pci refuses a physical function while its virtual functions are on (drivers/vfio/pci/vfio_pci_core.c:
"Cannot bind to PF with SR-IOV enabled", EBUSY), because whoever gets the PF rules over them.

Switch the VFs off when nobody uses them (write 0 to the PF's \`sriov_numvfs\`), or assign VFs instead of the PF.`,
});

/** A PF can change its driver only while it has no VFs (R-GROUP-5). */
export const pfWithVfsRule: Rule = {
  id: 'pf-with-vfs',
  reports: [pfWithVfs],
  check({ manifest }) {
    return everyDevice(manifest)
      .filter(isPciEntry)
      .flatMap((entry) => {
        const { sriov, driver, address } = entry.device;
        const stays = driver !== null && isVfioDriver(driver) && driver === entry.driver;
        if (sriov === null || sriov.enabled === 0 || stays) return [];
        const detail = `${titleOf(entry)} is a physical function with ${sriov.enabled} virtual functions switched on, and cannot change its driver like this. Write 0 to /sys/bus/pci/devices/${address}/sriov_numvfs when nobody uses them, or assign its VFs instead.`;
        return [pfWithVfs({ detail, at: entry.selectorAt })];
      });
  },
};

import { defineDiagnostic, isVfioDriver, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices } from './shared/assignments.ts';

export const deviceOnVfioAlready = defineDiagnostic({
  code: 'device-on-vfio-already',
  severity: 'note',
  category: 'host',
  summary: 'The device is bound to VFIO already',
  explanation: `Something else bound the device to a VFIO driver before: a boot parameter (\`vfio-pci.ids=\`), a udev rule,
driverctl, libvirt, or a script. The plan uses it as it is, and \`down\` leaves it as it was found: on VFIO, not on the
driver that the host would otherwise use.`,
});

/** What `down` returns to is what was there before. */
export const deviceOnVfioAlreadyRule: Rule = {
  id: 'device-on-vfio-already',
  reports: [deviceOnVfioAlready],
  check({ manifest }) {
    return assignedDevices(manifest).flatMap((entry) => {
      const { driver, driverOverride } = entry.device;
      if (driver === null || !isVfioDriver(driver)) return [];
      const override = driverOverride === null ? '' : ` with the driver_override ${driverOverride}`;
      const detail = `${titleOf(entry)} is bound to ${driver} already${override}. "down" will leave it there.`;
      return [deviceOnVfioAlready({ detail, at: entry.selectorAt })];
    });
  },
};

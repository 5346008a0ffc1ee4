import { defineDiagnostic, isVfioDriver, nameOf } from '../../model/index.ts';
import type { ResolvedVirtualFunctions } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { byAddress, everyDevice, groupBy } from './shared/assignments.ts';

export const vfsNotOffered = defineDiagnostic({
  code: 'vfs-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The device cannot be given these virtual functions',
  explanation: `The kernel makes virtual functions (VFs) by way of the host driver of their physical function (PF): one write to the
PF's \`sriov_numvfs\`, up to \`sriov_totalvfs\`, while a driver that can is bound to it (sriov_numvfs_store in
drivers/pci/pci-sysfs.c: ERANGE, ENOENT). A PF that goes to a VM is no longer the host's to make VFs with.

Name a PF that stays with the host and is on its own driver, once, and ask for no more VFs than it can have.
\`vfio-compose inspect\` shows how many those are.`,
});

export const vfsAlreadyOn = defineDiagnostic({
  code: 'vfs-already-on',
  severity: 'error',
  category: 'host',
  summary: 'The device has another number of virtual functions already',
  explanation: `The kernel changes the number of VFs through 0 only (sriov_numvfs_store in drivers/pci/pci-sysfs.c: EBUSY), which takes
those that are there from whoever uses them. vfio-compose does not do that by itself. VFs that are there in the right
number are used as they are, and stay.

Ask for the number that is there, or write 0 to the PF's \`sriov_numvfs\` when nobody uses its VFs.`,
});

/** VFs are made of a PF that can have them, stays with the host, and has none yet. */
export const vfsNotOfferedRule: Rule = {
  id: 'vfs-not-offered',
  reports: [vfsNotOffered, vfsAlreadyOn],
  check({ manifest }) {
    const assigned = byAddress(everyDevice(manifest));
    const byPf = groupBy(manifest.virtualFunctions, ({ device }) => device.address);
    return manifest.virtualFunctions.flatMap((entry) => {
      const [owner] = assigned.get(entry.device.address) ?? [];
      const first = byPf.get(entry.device.address)?.[0];
      const why =
        first && first !== entry
          ? `is named by ${first.name} already`
          : owner
            ? `goes away from the host itself, as ${nameOf(owner)}`
            : whyNot(entry);
      if (why !== undefined) return [vfsNotOffered({ detail: sentence(entry, why), at: entry.selectorAt })];
      const { enabled = 0 } = entry.device.sriov ?? {};
      if (enabled === 0 || enabled === entry.count) return [];
      const detail = `${entry.device.address} has ${enabled} VFs, and ${entry.name} is to have ${entry.count}: the kernel changes that through 0 only. Ask for ${enabled}, or write 0 to /sys/bus/pci/devices/${entry.device.address}/sriov_numvfs when nobody uses them.`;
      return [vfsAlreadyOn({ detail, at: entry.countAt })];
    });
  },
};

const sentence = ({ device, name }: ResolvedVirtualFunctions, why: string): string =>
  `${device.address}, of which ${name} wants VFs, ${why}.`;

/** Why a PF cannot have the VFs that it is to have; undefined where it can, as far as sysfs tells. */
function whyNot({ device, count }: ResolvedVirtualFunctions): string | undefined {
  const { sriov, driver } = device;
  if (sriov === null) return 'has no SR-IOV capability, or the kernel is built without it: it can have no VFs';
  if (count > sriov.total) return `can have ${sriov.total} VFs at most, not ${count}`;
  if (sriov.enabled > 0) return undefined;
  if (driver === null) return 'has no driver, and the kernel makes VFs by way of one: bind its host driver first';
  return isVfioDriver(driver) ? `is on ${driver}: whoever has it makes its VFs` : undefined;
}

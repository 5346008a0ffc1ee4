import {
  BUS_METHODS,
  busOf,
  defineDiagnostic,
  describeDevice,
  isPci,
  isVfioDriver,
  nameOf,
  titleOf,
} from '../../model/index.ts';
import type { PciDevice, ResolvedDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, byAddress, groupBy, isPciEntry } from './shared/assignments.ts';

export const busResetHitsOthers = defineDiagnostic({
  code: 'bus-reset-hits-others',
  severity: 'error',
  category: 'safety',
  summary: 'A reset would hit devices of another owner',
  explanation: `The only reset that this device has is that of its whole bus or slot, which resets every function there. It
is for the owner of all of them alone: the kernel refuses it to anybody else (pci_parent_bus_reset in drivers/pci/pci.c;
VFIO_DEVICE_PCI_HOT_RESET demands the group of every affected function, drivers/vfio/pci/vfio_pci_core.c). A device whose
reset is required can therefore not be given away here.

The functions that would be hit are listed. Put the card where it is alone on its bus, or accept a device that is not
reset, with \`reset: preferred\` (a warning) or \`reset: none\`.`,
});

/** A reset that is required is not one of a bus with functions of another owner (R-RESET-5). */
export const busResetHitsOthersRule: Rule = {
  id: 'bus-reset-hits-others',
  reports: [busResetHitsOthers],
  check({ manifest, host, running }) {
    const risky = assignedDevices(manifest)
      .filter(isPciEntry)
      .filter(({ reset, device }) => reset === 'required' && BUS_METHODS.has(device.resetMethods[0] ?? ''));
    if (risky.length === 0) return [];
    const owners = byAddress(manifest.vms.flatMap((vm) => vm.devices));
    const projects = new Map(
      running.flatMap((project) => project.devices.map(({ address }) => [address, project.name] as const)),
    );
    const buses = groupBy([...host.byAddress.values()].filter(isPci), busOf);
    return risky.flatMap((entry) => {
      const hit = (buses.get(busOf(entry.device)) ?? []).flatMap((other) => {
        const owner = ownerBeside(entry, other, owners.get(other.address)?.[0], projects.get(other.address));
        return owner === undefined ? [] : [{ message: `${describeDevice(other)}: ${owner}` }];
      });
      if (hit.length === 0) return [];
      const detail = `The only reset of ${titleOf(entry)} is that of its whole bus (its reset_method begins with ${entry.device.resetMethods[0]}), and it would hit ${hit.length} function${hit.length > 1 ? 's' : ''} of another owner, so the kernel refuses it. Put the card where it is alone on its bus, or accept a device that is not reset: "reset: preferred" or "reset: none".`;
      return [busResetHitsOthers({ detail, at: entry.selectorAt, related: hit.slice(0, 16) })];
    });
  },
};

/** Who, other than the device's own VM, would be hit; undefined where nobody is. */
function ownerBeside(
  entry: ResolvedDevice,
  other: PciDevice,
  planned: ResolvedDevice | undefined,
  project: string | undefined,
): string | undefined {
  if (other.address === entry.device.address) return undefined;
  if (planned) return planned.vm === entry.vm || planned.use === 'detach' ? undefined : nameOf(planned);
  if (project !== undefined) return `the running project ${project}`;
  if (other.driver === null || other.driver === 'pci-stub') return undefined;
  return isVfioDriver(other.driver) ? 'somebody who uses VFIO' : 'the host';
}

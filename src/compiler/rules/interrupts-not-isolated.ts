import { defineDiagnostic } from '../../model/index.ts';
import type { Rule } from './rule.ts';

export const interruptsNotIsolated = defineDiagnostic({
  code: 'interrupts-not-isolated',
  severity: 'error',
  category: 'safety',
  summary: 'Devices can forge interrupts on this host',
  explanation: `A message-signalled interrupt is a memory write. Without interrupt remapping (x86) or an interrupt
translation service (arm64), an assigned device can send any interrupt of the host, and with it attack the host. VFIO
type1 therefore refuses to set the IOMMU up (drivers/vfio/vfio_iommu_type1.c: EPERM).

Switch interrupt remapping on: it comes with VT-d or AMD-Vi; look for x2APIC and "interrupt remapping" in the firmware
setup, and for \`intremap=off\` or \`nointremap\` on the kernel command line.

Where the users of all devices are trusted, say so for the VM: \`iommu: {unsafeInterrupts: true}\`. The plan then sets
the parameter \`allow_unsafe_interrupts\` of vfio_iommu_type1, for the whole host, and puts it back.`,
});

export const unsafeInterruptsAccepted = defineDiagnostic({
  code: 'unsafe-interrupts-accepted',
  severity: 'warning',
  category: 'safety',
  summary: 'Devices may forge interrupts: the host is open to its guests',
  explanation: `The host has no interrupt remapping, and either the manifest (\`unsafeInterrupts: true\`) or the host (the
parameter \`allow_unsafe_interrupts\` is already set) accepts that an assigned device can send any interrupt of the host.
Do this only with users that you would also trust with the host.`,
});

export const interruptIsolationUnknown = defineDiagnostic({
  code: 'interrupt-isolation-unknown',
  severity: 'note',
  category: 'host',
  summary: 'It is not known whether interrupts are isolated',
  explanation: `The host does not show whether devices' interrupts are isolated from each other. If they are not, the
kernel refuses to set the IOMMU up with EPERM, and says so in its log; see \`interrupts-not-isolated\`.`,
});

/** Devices are given away only where their interrupts are isolated, or where the manifest accepts that they are not (R-GROUP-5). */
export const interruptsNotIsolatedRule: Rule = {
  id: 'interrupts-not-isolated',
  reports: [interruptsNotIsolated, unsafeInterruptsAccepted, interruptIsolationUnknown],
  check({ manifest, host }) {
    const isolated = host.inventory.iommu.interruptRemapping;
    const [first] = manifest.vms;
    if (isolated === true || host.inventory.iommu.units.length === 0 || !first) return [];
    if (isolated === null) {
      const detail =
        'The host does not show whether the interrupts of devices are isolated. If setting the IOMMU fails with EPERM, they are not.';
      return [interruptIsolationUnknown({ detail, at: first.iommu.at })];
    }
    const allowed = host.inventory.modules['vfio_iommu_type1']?.parameters['allow_unsafe_interrupts'] === 'Y';
    return manifest.vms.map((vm) => {
      const { unsafeInterrupts, at } = vm.iommu;
      if (!unsafeInterrupts && !allowed) {
        const detail = `The host has no interrupt remapping, so a device of ${vm.name} could send any interrupt of the host, and the kernel refuses to set the IOMMU up. Switch interrupt remapping on in the firmware; or, where the users of all devices are trusted, accept it with "iommu: {unsafeInterrupts: true}".`;
        return interruptsNotIsolated({ detail, at });
      }
      const who = unsafeInterrupts
        ? `${vm.name} accepts that: the plan sets allow_unsafe_interrupts for the whole host.`
        : 'The host accepts that already: allow_unsafe_interrupts of vfio_iommu_type1 is set.';
      const detail = `The host has no interrupt remapping, so a device of ${vm.name} can send any interrupt of the host and attack it. ${who}`;
      return unsafeInterruptsAccepted({ detail, at });
    });
  },
};

import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { ResolvedVm } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { isolatedVms } from './shared/assignments.ts';
import { type Isolation, isolationOf } from './shared/interrupt-isolation.ts';
import { modulesOf } from './shared/modules.ts';

export const interruptsNotIsolated = defineDiagnostic({
  code: 'interrupts-not-isolated',
  severity: 'error',
  category: 'safety',
  summary: 'Devices can forge interrupts on this host',
  explanation: `A message-signalled interrupt is a memory write. Without interrupt remapping (x86) or an interrupt
translation service (arm64), an assigned device can send any interrupt of the host, and with it attack the host. VFIO
type1 therefore refuses to set the IOMMU up (drivers/vfio/vfio_iommu_type1.c: EPERM).

A platform device is judged by the MSI controller that its node names (\`msi-parent\`): an ITS isolates, a GICv2m frame or
the MPIC of a QorIQ does not. A device **without** \`msi-parent\` counts as not isolated, although it cannot send a
message-signalled interrupt at all (msi_device_has_isolated_msi in kernel/irq/msi.c): most platform devices need the
consent below.

On x86, switch interrupt remapping on: it comes with VT-d or AMD-Vi; look for x2APIC and "interrupt remapping" in the firmware
setup, and for \`intremap=off\` or \`nointremap\` on the kernel command line.

Where the users of all devices are trusted, say so for the VM: \`iommu: {unsafeInterrupts: true}\`. The plan then sets
the parameter \`allow_unsafe_interrupts\` of vfio_iommu_type1, for the whole host, and puts it back.`,
});

export const unsafeInterruptsAccepted = defineDiagnostic({
  code: 'unsafe-interrupts-accepted',
  severity: 'warning',
  category: 'safety',
  summary: 'Devices may forge interrupts: the host is open to its guests',
  explanation: `The host has no interrupt remapping, or a platform device no isolating MSI controller, and either the manifest (\`unsafeInterrupts: true\`) or the host (the
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
    const parameters = host.inventory.modules['vfio_iommu_type1']?.parameters ?? {};
    const allowed = parameters['allow_unsafe_interrupts'] === 'Y';
    // It is this module that asks, and whose parameter accepts.
    const asked = isolatedVms(manifest).filter(({ iommu }) =>
      modulesOf(iommu).some(({ module }) => module === 'vfio_iommu_type1'),
    );
    const verdicts = asked.map((vm) => ({ vm, isolation: isolationOf(vm, host) }));
    const open = verdicts.flatMap(({ vm, isolation }) =>
      isolation.kind === 'no' ? [notIsolated(vm, isolation, allowed)] : [],
    );
    // One is enough: it is the host that does not show it.
    const unknown = verdicts.find(({ isolation }) => isolation.kind === 'unknown');
    if (unknown?.isolation.kind !== 'unknown') return open;
    const { vm, isolation } = unknown;
    const detail = `It is not known whether the interrupts of ${titleOf(isolation.entry)} are isolated: ${isolation.reason}. If setting the IOMMU fails with EPERM, they are not.`;
    return [...open, interruptIsolationUnknown({ detail, at: vm.iommu.at })];
  },
};

function notIsolated(vm: ResolvedVm, { entry, reason }: Isolation & { kind: 'no' | 'unknown' }, allowed: boolean) {
  const { unsafeInterrupts, at } = vm.iommu;
  const pci = entry.bus === 'pci';
  const why = pci
    ? `The host has no interrupt remapping, so a device of ${vm.name} could send any interrupt of the host`
    : `The interrupts of ${titleOf(entry)} do not count as isolated (${reason})`;
  if (!unsafeInterrupts && !allowed) {
    const ways = pci
      ? 'Switch interrupt remapping on in the firmware; or, where the users of all devices are trusted, accept it'
      : 'Where the users of all devices of this host are trusted, accept it';
    const detail = `${why}, and the kernel refuses to set the IOMMU up (EPERM). ${ways} with "iommu: {unsafeInterrupts: true}".`;
    return interruptsNotIsolated({ detail, at });
  }
  const who = unsafeInterrupts
    ? `${vm.name} accepts that: the plan sets allow_unsafe_interrupts for the whole host.`
    : 'The host accepts that already: allow_unsafe_interrupts of vfio_iommu_type1 is set.';
  return unsafeInterruptsAccepted({ detail: `${why}. ${who}`, at });
}

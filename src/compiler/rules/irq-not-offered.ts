import { linuxInterrupts } from '../../devicetree/index.ts';
import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { Diagnostic, HostIndex, ResolvedPciDevice, ResolvedPlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry, isPlatformEntry } from './shared/assignments.ts';

export const irqNotOffered = defineDiagnostic({
  code: 'irq-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The device cannot offer these interrupts',
  explanation: `A PCI function has at most one INTx line and at most 32 MSI vectors (PCI Local Bus Specification 3.0, 6.8.1),
and VFIO has one error interrupt and one device request. A virtual function has no INTx line (SR-IOV specification,
3.4.1.18). How many MSI and MSI-X vectors a device really has is asked of the kernel when the plan runs.

An interrupt of a platform device can be unmasked through an eventfd (\`unmask: eventfd\`) only if it is a level interrupt:
those are masked by the kernel when they arrive. An edge interrupt is never masked (VFIO_IRQ_INFO_MASKABLE is missing,
and VFIO_DEVICE_SET_IRQS answers EINVAL, drivers/vfio/platform/vfio_platform_irq.c).`,
});

type Irqs = ResolvedPciDevice['irqs'][number];

/** The most vectors that an interrupt of each kind can have; MSI-X is bounded by the schema (2048). */
const MOST: { readonly [K in Irqs['index']]: number } = { intx: 1, msi: 32, msix: 2048, err: 1, req: 1 };

/** No interrupts are asked for that a PCI function cannot have. */
export const irqNotOfferedRule: Rule = {
  id: 'irq-not-offered',
  reports: [irqNotOffered],
  check({ manifest, host }) {
    const devices = assignedDevices(manifest);
    const platform = devices.filter(isPlatformEntry).flatMap((entry) => edgesUnmasked(entry, host));
    const pci = devices.filter(isPciEntry).flatMap((entry) =>
      entry.irqs.flatMap((irqs) => {
        const why = whyNot(irqs, entry);
        return why === undefined ? [] : [irqNotOffered({ detail: why, at: irqs.at })];
      }),
    );
    return [...platform, ...pci];
  },
};

function edgesUnmasked(entry: ResolvedPlatformDevice, host: HostIndex): Diagnostic[] {
  const asked = entry.irqs.filter(({ unmask }) => unmask === 'eventfd');
  const node = nodeOf(entry.device, host);
  const lines = host.tree && node && asked.length > 0 ? linuxInterrupts(host.tree, node) : [];
  return asked.flatMap(({ index, at }) => {
    const trigger = lines[index]?.trigger;
    if (!trigger?.startsWith('edge')) return [];
    const detail = `Interrupt ${index} of ${titleOf(entry)} is ${trigger}, and only a level interrupt is masked and unmasked. Leave "unmask" out.`;
    return [irqNotOffered({ detail, at })];
  });
}

function whyNot({ index, count }: Irqs, entry: ResolvedPciDevice): string | undefined {
  if (index === 'intx' && entry.device.physicalFunction !== null) {
    return `${titleOf(entry)} is a virtual function, and those have no INTx interrupt. Ask for msix.`;
  }
  if (count <= MOST[index]) return undefined;
  return `${count} vectors of ${index} are asked for ${titleOf(entry)}, and there can be ${MOST[index]}. Lower the count, or ask for msix.`;
}

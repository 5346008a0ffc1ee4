import { defineDiagnostic } from '../../model/index.ts';
import type { ResolvedPciDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry } from './shared/assignments.ts';
import { titleOf } from './shared/words.ts';

export const irqNotOffered = defineDiagnostic({
  code: 'irq-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The device cannot offer these interrupts',
  explanation: `A PCI function has at most one INTx line and at most 32 MSI vectors (PCI Local Bus Specification 3.0, 6.8.1),
and VFIO has one error interrupt and one device request. A virtual function has no INTx line (SR-IOV specification,
3.4.1.18). How many MSI and MSI-X vectors a device really has is asked of the kernel when the plan runs.`,
});

type Irqs = ResolvedPciDevice['irqs'][number];

/** The most vectors that an interrupt of each kind can have; MSI-X is bounded by the schema (2048). */
const MOST: { readonly [K in Irqs['index']]: number } = { intx: 1, msi: 32, msix: 2048, err: 1, req: 1 };

/** No interrupts are asked for that a PCI function cannot have. */
export const irqNotOfferedRule: Rule = {
  id: 'irq-not-offered',
  reports: [irqNotOffered],
  check({ manifest }) {
    return assignedDevices(manifest).filter(isPciEntry).flatMap((entry) =>
      entry.irqs.flatMap((irqs) => {
        const why = whyNot(irqs, entry);
        return why === undefined ? [] : [irqNotOffered({ detail: why, at: irqs.at })];
      }),
    );
  },
};

function whyNot({ index, count }: Irqs, entry: ResolvedPciDevice): string | undefined {
  if (index === 'intx' && entry.device.physicalFunction !== null) {
    return `${titleOf(entry)} is a virtual function, and those have no INTx interrupt. Ask for msix.`;
  }
  if (count <= MOST[index]) return undefined;
  return `${count} vectors of ${index} are asked for ${titleOf(entry)}, and there can be ${MOST[index]}. Lower the count, or ask for msix.`;
}

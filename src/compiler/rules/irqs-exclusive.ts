import { defineDiagnostic } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry } from './shared/assignments.ts';
import { titleOf } from './shared/words.ts';

export const irqsExclusive = defineDiagnostic({
  code: 'irqs-exclusive',
  severity: 'error',
  category: 'manifest',
  summary: 'These interrupts exclude each other',
  explanation: `A PCI function interrupts in one way at a time: INTx, MSI or MSI-X. VFIO refuses to switch one of them on while
another is (drivers/vfio/pci/vfio_pci_intrs.c: EINVAL). And each kind is listed once, with the number of its vectors.

Keep one of the three, usually msix; \`err\` and \`req\` go with any of them.`,
});

const WAYS: ReadonlySet<string> = new Set(['intx', 'msi', 'msix']);

/** A device interrupts in one way, which is listed once. */
export const irqsExclusiveRule: Rule = {
  id: 'irqs-exclusive',
  reports: [irqsExclusive],
  check({ manifest }) {
    return assignedDevices(manifest).filter(isPciEntry).flatMap((entry) => {
      const [way] = entry.irqs.filter(({ index }) => WAYS.has(index));
      return entry.irqs.flatMap((irqs, position) => {
        const before = entry.irqs.slice(0, position);
        const rival = before.find(({ index }) => index === irqs.index) ?? (WAYS.has(irqs.index) ? way : undefined);
        if (!rival || rival === irqs) return [];
        const why =
          rival.index === irqs.index
            ? `${irqs.index} is listed twice for ${titleOf(entry)}. List it once, with the number of its vectors.`
            : `${titleOf(entry)} cannot use ${irqs.index} beside ${rival.index}. Keep one of them.`;
        return [
          irqsExclusive({
            detail: why,
            at: irqs.at,
            related: [{ message: `${rival.index} is asked for here`, at: rival.at }],
          }),
        ];
      });
    });
  },
};

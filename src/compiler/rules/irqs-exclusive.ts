import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry, isPlatformEntry } from './shared/assignments.ts';

export const irqsExclusive = defineDiagnostic({
  code: 'irqs-exclusive',
  severity: 'error',
  category: 'manifest',
  summary: 'These interrupts exclude each other',
  explanation: `A PCI function interrupts in one way at a time: INTx, MSI or MSI-X. VFIO refuses to switch one of them on while
another is (drivers/vfio/pci/vfio_pci_intrs.c: EINVAL). And each kind is listed once, with the number of its vectors.

An interrupt of a platform device is listed once too, whether by position or by name.

Keep one of the three, usually msix; \`err\` and \`req\` go with any of them.`,
});

const WAYS: ReadonlySet<string> = new Set(['intx', 'msi', 'msix']);

/** A device interrupts in one way, which is listed once. */
export const irqsExclusiveRule: Rule = {
  id: 'irqs-exclusive',
  reports: [irqsExclusive],
  check({ manifest }) {
    const devices = assignedDevices(manifest);
    const repeated = devices.filter(isPlatformEntry).flatMap((entry) =>
      entry.irqs.flatMap((irq, position) => {
        const before = entry.irqs.slice(0, position).find(({ index }) => index === irq.index);
        if (!before) return [];
        const detail = `Interrupt ${irq.index} of ${titleOf(entry)} is listed twice. List it once.`;
        return [irqsExclusive({ detail, at: irq.at, related: [{ message: 'listed here first', at: before.at }] })];
      }),
    );
    const rivals = devices.filter(isPciEntry).flatMap((entry) => {
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
    return [...repeated, ...rivals];
  },
};

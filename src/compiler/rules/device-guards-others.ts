import { isCompatible, stringOf } from '../../devicetree/index.ts';
import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { DeviceTreeNode } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { everyDevice, isPlatformEntry } from './shared/assignments.ts';

export const deviceGuardsOthers = defineDiagnostic({
  code: 'device-guards-others',
  severity: 'error',
  category: 'safety',
  summary: 'The device keeps others apart',
  explanation: `An IOMMU decides what memory every device behind it reaches; an interrupt or MSI controller, which processor
hears of whom. To the device tree they are devices like others, with registers and a node, and VFIO would take them (without
an IOMMU of their own, in no-IOMMU mode). Whoever drives one rules over the devices of everybody else, and the host loses it
while it is in use.

Assign the devices behind it. A controller of GPIO lines that passes interrupts on is not meant: it may be given away.`,
});

/** Compatibles of blocks that no property of their node gives away: QorIQ's IOMMU and its banks of MSI registers. */
const PAMU: ReadonlySet<string> = new Set(['fsl,pamu']);
const MSI_BANK: ReadonlySet<string> = new Set(['fsl,mpic-msi']);

/** What keeps the devices of a machine apart stays with the host. */
export const deviceGuardsOthersRule: Rule = {
  id: 'device-guards-others',
  reports: [deviceGuardsOthers],
  check({ manifest, host }) {
    return everyDevice(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) => {
        const node = nodeOf(entry.device, host);
        const what = node && roleOf(node);
        if (what === undefined || what === null) return [];
        const detail = `${titleOf(entry)} is ${what}: whoever drives it rules over the devices of everybody else. Leave it with the host, and assign the devices behind it.`;
        return [deviceGuardsOthers({ detail, at: entry.selectorAt })];
      });
  },
};

function roleOf(node: DeviceTreeNode): string | null {
  const has = (property: string) => node.properties.has(property);
  if (has('#iommu-cells') || isCompatible(node, PAMU)) return 'an IOMMU';
  if (has('msi-controller') || isCompatible(node, MSI_BANK)) return 'a controller of message-signalled interrupts';
  // GPIO blocks pass the interrupts of their lines on, and guard nobody.
  const passesOn = has('gpio-controller') || stringOf(node, 'device_type') === 'pci';
  return has('interrupt-controller') && !passesOn ? 'an interrupt controller' : null;
}

import { compatibleOf, isCompatible } from './compatible.ts';
import { referencesOf } from './phandles.ts';
import { PRIMECELL } from './population.ts';
import { idMapOf } from './streams.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** Where the MSIs of a device, or of what is below a host bridge, go. */
export interface MsiController {
  readonly property: 'msi-parent' | 'msi-map';
  readonly dtIndex: number;
  readonly controller: DeviceTreeNode;
}

/** The MSI controllers of a node: `msi-parent`, else the targets of `msi-map` (of_msi_get_domain, of_msi_map_id in drivers/of/irq.c). */
export function msiControllers(tree: DeviceTree, node: DeviceTreeNode): MsiController[] {
  const parents = referencesOf(tree, node, 'msi-parent', { property: '#msi-cells', orElse: 0 }).flatMap((reference) =>
    reference.kind === 'to'
      ? [{ property: 'msi-parent' as const, dtIndex: reference.dtIndex, controller: reference.provider }]
      : [],
  );
  if (parents.length > 0) return parents;
  const entries = idMapOf(tree, node, 'msi-map')?.entries ?? [];
  return entries.flatMap(({ dtIndex, target }) =>
    target ? [{ property: 'msi-map' as const, dtIndex, controller: target }] : [],
  );
}

/** Whether a device can raise no interrupts but its own: what VFIO asks for unless told otherwise. */
export type MsiIsolation =
  | { readonly kind: 'yes'; readonly controller: DeviceTreeNode }
  | { readonly kind: 'no'; readonly controller: DeviceTreeNode | null; readonly reason: string }
  | { readonly kind: 'unknown'; readonly controller: DeviceTreeNode; readonly reason: string };

const ISOLATED: ReadonlySet<string> = new Set(['arm,gic-v3-its', 'arm,gic-v5-its']);
/** Controllers whose doorbell takes any number from anybody. */
const OPEN: ReadonlySet<string> = new Set([
  'arm,gic-v2m-frame',
  'arm,gic-v3',
  'apm,xgene1-msi',
  'fsl,mpic-msi',
  'fsl,mpic-msi-v4.3',
  'fsl,ls1021a-msi',
  'fsl,ls1043a-msi',
  'fsl,ls1046a-msi',
]);

/**
 * The verdict of msi_device_has_isolated_msi in kernel/irq/msi.c: some domain between the device and the CPU carries
 * IRQ_DOMAIN_FLAG_ISOLATED_MSI. An ITS sets it (drivers/irqchip/irq-gic-v3-its.c), but not behind a Synquacer's pre-ITS.
 * A device without MSI controller has no such domain and counts as not isolated, although it cannot send an MSI at all. Nor
 * has an AMBA device, whatever its node says: of_amba_device_create in drivers/of/platform.c does not call
 * of_msi_configure.
 */
export function msiIsolation(tree: DeviceTree, node: DeviceTreeNode): MsiIsolation {
  if (isCompatible(node, PRIMECELL)) {
    const reason = `${node.path} is an AMBA device, and Linux looks up no MSI controller for those`;
    return { kind: 'no', controller: null, reason };
  }
  const verdicts = msiControllers(tree, node).map(({ controller }) => verdictOf(controller));
  const [first] = verdicts;
  if (!first) return { kind: 'no', controller: null, reason: `${node.path} names no MSI controller` };
  return verdicts.find(({ kind }) => kind === 'no') ?? verdicts.find(({ kind }) => kind === 'unknown') ?? first;
}

function verdictOf(controller: DeviceTreeNode): MsiIsolation {
  const compatible = compatibleOf(controller);
  if (compatible.some((entry) => ISOLATED.has(entry))) {
    return controller.properties.has('socionext,synquacer-pre-its')
      ? { kind: 'no', controller, reason: `${controller.path} sits behind a pre-ITS, which hides who writes` }
      : { kind: 'yes', controller };
  }
  const called = compatible[0] ?? 'a node without "compatible"';
  return compatible.some((entry) => OPEN.has(entry))
    ? { kind: 'no', controller, reason: `${controller.path} (${called}) takes any interrupt number from any device` }
    : { kind: 'unknown', controller, reason: `nothing is known about ${controller.path} (${called})` };
}

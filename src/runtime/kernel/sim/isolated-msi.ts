import { msiIsolation } from '../../../devicetree/msi.ts';
import type { SimHost } from './host.ts';
import type { SimDevice } from './state.ts';

/**
 * Whether a device's MSIs are isolated: msi_device_has_isolated_msi in kernel/irq/msi.c for a device of the tree, which has
 * to name a controller that does it; for others, and before 6.3 for all, what the inventory says of the machine.
 */
export function hasIsolatedMsi(host: SimHost, { info }: SimDevice): boolean {
  const path = info.bus !== 'pci' && host.behaviour.isolatedMsiByDevice ? info.treePath : null;
  const node = path === null ? undefined : host.tree?.byPath.get(path);
  if (!node || !host.tree) return host.inventory.iommu.interruptRemapping !== false;
  return msiIsolation(host.tree, node).kind === 'yes';
}

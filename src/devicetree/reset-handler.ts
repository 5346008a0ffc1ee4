import type { HostIndex, PlatformDevice } from '../model/index.ts';
import { compatibleOf } from './compatible.ts';
import type { DeviceTreeNode } from './tree.ts';

/**
 * Every reset handler that Linux has for platform devices, by the compatible that it registers for
 * (drivers/vfio/platform/reset/), with its module as /sys/module names it.
 */
const HANDLERS: ReadonlyMap<string, string> = new Map([
  ['amd,xgbe-seattle-v1a', 'vfio_platform_amdxgbe'],
  ['brcm,iproc-flexrm-mbox', 'vfio_platform_bcmflexrm'],
  ['calxeda,hb-xgmac', 'vfio_platform_calxedaxgmac'],
]);

/**
 * The module that can reset what a node describes, whether or not a kernel has it; null where Linux has none. Only the
 * first compatible counts, letter by letter (vfio_platform_lookup_reset in drivers/vfio/platform/vfio_platform_common.c).
 */
export const resetModuleFor = (node: DeviceTreeNode): string | null =>
  HANDLERS.get(compatibleOf(node)[0] ?? '') ?? null;

/**
 * The module that resets a device on this host: loaded, built in, or there to be loaded, which the kernel does by itself
 * when the device is bound to VFIO (vfio_platform_get_reset). Null where the host has none, and for a device without a
 * node: what ACPI's _RST can do is not to be seen from outside.
 */
export function resetHandlerOf(host: HostIndex, device: PlatformDevice): string | null {
  const node = device.treePath === null ? undefined : host.tree?.byPath.get(device.treePath);
  const module = node ? resetModuleFor(node) : null;
  return module !== null && host.inventory.modules[module] ? module : null;
}

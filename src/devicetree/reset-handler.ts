import type { HostIndex, PlatformDevice, DeviceTreeNode } from '../model/index.ts';
import { isReleaseSince } from '../model/kernel-release.ts';
import { compatibleOf } from './compatible.ts';

/** The handlers of drivers/vfio/platform/reset, by the compatible that each is registered for (its module's alias). */
const HANDLERS: ReadonlyMap<string, string> = new Map([
  ['calxeda,hb-xgmac', 'vfio_platform_calxedaxgmac'],
  ['amd,xgbe-seattle-v1a', 'vfio_platform_amdxgbe'],
  ['brcm,iproc-flexrm-mbox', 'vfio_platform_bcmflexrm'],
]);

/**
 * The module with the kernel's own reset of a device; null where it has none. VFIO looks at the first compatible alone
 * (device_property_read_string in vfio_platform_probe_common, drivers/vfio/platform/vfio_platform_common.c), so a more
 * specific one in front hides a handler.
 */
export function kernelResetHandler(node: DeviceTreeNode): string | null {
  const [first] = compatibleOf(node);
  return first === undefined ? null : (HANDLERS.get(first) ?? null);
}

/**
 * The module that resets a device on this host: loaded, built in, or there to be loaded, which the kernel does by itself
 * when the device is bound to VFIO (vfio_platform_get_reset). Null where the host has none, and for a device without a
 * node: what ACPI's _RST can do is not to be seen from outside.
 */
export function resetHandlerOf(host: HostIndex, device: PlatformDevice): string | null {
  const node = device.treePath === null ? undefined : host.tree?.byPath.get(device.treePath);
  const module = node ? kernelResetHandler(node) : null;
  return module !== null && Object.hasOwn(host.inventory.modules, module) ? module : null;
}

/**
 * Whether a kernel refuses a device without a reset handler whatever `vfio_platform.reset_required` says, AMBA devices too:
 * vfio_platform_init_common of 6.1 and 6.2 answers with what looking for the handler answered, the long-term kernels 6.1.y
 * to this day. Mended for 6.3 by commit 168a9c91fe0a ("vfio/platform: Fix reset_required behaviour").
 *
 * @param release as `uname -r` prints it.
 */
export const insistsOnResetHandler = (release: string): boolean =>
  isReleaseSince(release, 6, 1) && !isReleaseSince(release, 6, 3);

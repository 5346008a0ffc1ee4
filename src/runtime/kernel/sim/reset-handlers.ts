import { compatibleOf } from '../../../devicetree/compatible.ts';
import type { DeviceTreeNode } from '../../../devicetree/tree.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { PlatformVfioDevice, SimPlatformDevice } from './state.ts';

/** The reset handlers of the kernel, by the "compatible" that they serve (drivers/vfio/platform/reset). */
const HANDLERS: Readonly<Record<string, string>> = {
  'calxeda,hb-xgmac': 'vfio_platform_calxedaxgmac',
  'amd,xgbe-seattle-v1a': 'vfio_platform_amdxgbe',
  'brcm,iproc-flexrm-mbox': 'vfio_platform_bcmflexrm',
};

/**
 * `vfio_platform_get_reset`: looks for a handler of the first "compatible" only, and asks modprobe for its module where it
 * is not loaded yet.
 */
export function findResetHandler(host: SimHost, { model }: SimPlatformDevice, node?: DeviceTreeNode): boolean {
  if (model.resetHandler !== undefined) return model.resetHandler;
  const [first] = node ? compatibleOf(node) : [];
  const module = first !== undefined && Object.hasOwn(HANDLERS, first) ? HANDLERS[first] : undefined;
  return module !== undefined && host.modules.load(module);
}

/** `vfio_platform_call_reset`: EINVAL where there is no handler, else what the handler says. */
export function callReset({ device, hasReset }: PlatformVfioDevice): void {
  if (!hasReset) refuse('EINVAL');
  if (device.model.resetFails) refuse(device.model.resetFails);
  device.registers.reset();
}

import { kernelResetHandler } from '../../../devicetree/reset-handler.ts';
import type { DeviceTreeNode } from '../../../model/index.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { PlatformVfioDevice, SimPlatformDevice } from './state.ts';

/**
 * `vfio_platform_get_reset`: looks for a handler of the first "compatible" only, and asks modprobe for its module where it
 * is not loaded yet.
 */
export function findResetHandler(host: SimHost, { model }: SimPlatformDevice, node?: DeviceTreeNode): boolean {
  if (model.resetHandler !== undefined) return model.resetHandler;
  const module = node ? kernelResetHandler(node) : null;
  return module !== null && host.modules.load(module);
}

/** `vfio_platform_call_reset`: EINVAL where there is no handler, else what the handler says. */
export function callReset({ device, hasReset }: PlatformVfioDevice): void {
  if (!hasReset) refuse('EINVAL');
  if (device.model.resetFails) refuse(device.model.resetFails);
  device.registers.reset();
}

import { type Step, unreachable } from '../../model/index.ts';
import * as container from './container-steps.ts';
import * as device from './device-steps.ts';
import type { Handles } from './handles.ts';
import * as host from './host-steps.ts';
import type { HostSide } from './host-steps.ts';
import * as memory from './memory-steps.ts';

/**
 * Carries out one step. A step that is over when this returns gives `undefined`, so that tens of thousands of mappings
 * do not each wait for a turn of the event loop. Throws what the kernel and the checks throw.
 */
export function perform(step: Step, side: HostSide, handles: Handles): Promise<void> | void {
  const { kernel } = side;
  switch (step.kind) {
    case 'load-module':
      return host.loadModule(side, step);
    case 'set-module-parameter':
      return host.setModuleParameter(side, step);
    case 'set-driver-override':
      return host.setDriverOverride(side, step);
    case 'unbind-driver':
      return host.unbindDriver(side, step);
    case 'bind-driver':
      return host.bindDriver(side, step);
    case 'wait-node':
      return host.waitNode(side, step);
    case 'chown-node':
      return host.chownNode(side, step);
    case 'chmod-node':
      return host.chmodNode(side, step);
    case 'open-container':
      return container.openContainer(kernel, handles, step);
    case 'check-api-version':
      return container.checkApiVersion(kernel, handles, step);
    case 'check-extension':
      return container.checkExtensionStep(kernel, handles, step);
    case 'open-group':
      return container.openGroup(kernel, handles, step);
    case 'check-group-viable':
      return container.checkGroupViable(kernel, handles, step);
    case 'set-container':
      return container.setContainerStep(kernel, handles, step);
    case 'unset-container':
      return container.unsetContainerStep(kernel, handles, step);
    case 'set-iommu':
      return container.setIommuStep(kernel, handles, step);
    case 'check-iommu-info':
      return container.checkIommuInfo(kernel, handles, step);
    case 'map-dma':
      return container.mapDmaStep(kernel, handles, step);
    case 'unmap-dma':
      return container.unmapDmaStep(kernel, handles, step);
    case 'open-device':
      return device.openDevice(kernel, handles, step);
    case 'check-device-info':
      return device.checkDeviceInfo(kernel, handles, step);
    case 'check-region-info':
      return device.checkRegionInfo(kernel, handles, step);
    case 'check-irq-info':
      return device.checkIrqInfo(kernel, handles, step);
    case 'reset-device':
      return device.resetDeviceStep(kernel, handles, step);
    case 'write-region':
      return device.writeRegion(kernel, handles, step);
    case 'set-irqs':
      return device.setIrqs(kernel, handles, step);
    case 'clear-irqs':
      return device.clearIrqs(kernel, handles, step);
    case 'create-memfd':
      return memory.createMemfd(kernel, handles, step);
    case 'resize-memfd':
      return memory.resizeMemfd(kernel, handles, step);
    case 'allocate-memory':
      return memory.allocateMemory(kernel, handles, step);
    case 'free-memory':
      return memory.freeMemory(kernel, handles, step);
    case 'create-eventfd':
      return memory.createEventfd(kernel, handles, step);
    case 'close':
      return memory.close(kernel, handles, step);
    default:
      return unreachable(step);
  }
}

import type { Step, StepKind, StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import * as container from './container-steps.ts';
import * as device from './device-steps.ts';
import type { Handles } from './handles.ts';
import * as host from './host-steps.ts';
import type { HostSide, Past } from './host-steps.ts';
import * as memory from './memory-steps.ts';
import * as pool from './huge-page-steps.ts';
import * as register from './register-steps.ts';
import * as vf from './vf-steps.ts';

type Outcome = Promise<void> | void;
type HostStep<K extends StepKind> = (side: HostSide, step: StepOf<K>, past: Past) => Outcome;
type HeldStep<K extends StepKind> = (kernel: Kernel, handles: Handles, step: StepOf<K>) => Outcome;

/** What outlives us, or waits for the host. */
const HOST_STEPS = {
  'load-module': host.loadModule,
  'set-module-parameter': host.setModuleParameter,
  'set-huge-pages': pool.setHugePages,
  'set-vf-autoprobe': vf.setVfAutoprobe,
  'set-vf-count': vf.setVfCount,
  'set-driver-override': host.setDriverOverride,
  'unbind-driver': host.unbindDriver,
  'bind-driver': host.bindDriver,
  'wait-node': host.waitNode,
  'wait-noiommu-node': host.waitNoiommuNode,
  'chown-node': host.chownNode,
  'chmod-node': host.chmodNode,
} satisfies { readonly [K in StepKind]?: HostStep<K> };

/** What goes with our file descriptors, and what only asks. Exhaustive: a kind without a row does not compile. */
const HELD_STEPS: { readonly [K in Exclude<StepKind, keyof typeof HOST_STEPS>]: HeldStep<K> } = {
  'open-container': container.openContainer,
  'check-api-version': container.checkApiVersion,
  'check-extension': container.checkExtensionStep,
  'open-group': container.openGroup,
  'open-noiommu-group': container.openNoiommuGroup,
  'check-group-viable': container.checkGroupViable,
  'set-container': container.setContainerStep,
  'unset-container': container.unsetContainerStep,
  'set-iommu': container.setIommuStep,
  'check-iommu-info': container.checkIommuInfo,
  'container-ioctl': container.containerIoctlStep,
  'map-dma': container.mapDmaStep,
  'unmap-dma': container.unmapDmaStep,
  'open-device': device.openDevice,
  'check-device-info': device.checkDeviceInfo,
  'check-region-info': device.checkRegionInfo,
  'check-irq-info': device.checkIrqInfo,
  'check-devtree-info': device.checkDevtreeInfo,
  'reset-device': device.resetDeviceStep,
  'check-hot-reset': device.checkHotReset,
  'hot-reset': device.hotReset,
  'write-region': register.writeRegion,
  'modify-region': register.modifyRegion,
  'expect-region': register.expectRegion,
  'poll-region': register.pollRegion,
  delay: register.delay,
  'set-irqs': device.setIrqs,
  'clear-irqs': device.clearIrqs,
  'set-irq-unmask': device.setIrqUnmask,
  'clear-irq-unmask': device.clearIrqUnmask,
  'set-memlock-limit': memory.setMemlockLimit,
  'create-memfd': memory.createMemfd,
  'resize-memfd': memory.resizeMemfd,
  'allocate-memory': memory.allocateMemory,
  'free-memory': memory.freeMemory,
  'create-eventfd': memory.createEventfd,
  close: memory.close,
};

const isHostStep = (kind: StepKind): kind is keyof typeof HOST_STEPS => Object.hasOwn(HOST_STEPS, kind);

/**
 * Carries out one step. A step that is over when this returns gives `undefined`, so that tens of thousands of mappings
 * do not each wait for a turn of the event loop. Throws what the kernel and the checks throw.
 *
 * @param past of a step of the way back: whether it is known that what it takes back has happened, and itself has not.
 */
export function perform(step: Step, side: HostSide, handles: Handles, past: Past = 'known'): Outcome {
  const { kind } = step;
  // The tables say which function takes which kind; the compiler cannot follow that through a computed key.
  if (isHostStep(kind)) return (HOST_STEPS[kind] as HostStep<StepKind>)(side, step, past);
  return (HELD_STEPS[kind] as HeldStep<StepKind>)(side.kernel, handles, step);
}

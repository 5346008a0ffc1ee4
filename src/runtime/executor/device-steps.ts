import { formatBytes, type StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import {
  connectEventfds,
  disableIrqs,
  getDeviceFd,
  getDeviceInfo,
  getDevtreeInfo,
  getIrqInfo,
  getPciHotResetInfo,
  getRegionInfo,
  PCI_IRQ,
  pciHotReset,
  resetDevice,
  TooFewInterrupts,
  unmaskThrough,
} from '../uapi/index.ts';
import { UnexpectedAnswer } from './failure.ts';
import type { Handles } from './handles.ts';

export async function openDevice(kernel: Kernel, handles: Handles, step: StepOf<'open-device'>): Promise<void> {
  handles.setFd(step.handle, await getDeviceFd(kernel, handles.fd(step.groupHandle), step.device.address));
  handles.setBus(step.handle, step.device.bus);
}

export function checkDeviceInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-device-info'>): void {
  const info = getDeviceInfo(kernel, handles.fd(step.deviceHandle));
  if (info.bus !== step.bus)
    throw new UnexpectedAnswer(`${step.deviceHandle} answers as a device of bus ${info.bus}, not ${step.bus}`);
  const differs = (what: 'regions' | 'irqs') => step[what] !== undefined && info[what] !== step[what];
  if (differs('regions') || differs('irqs')) {
    throw new UnexpectedAnswer(
      `${step.deviceHandle} has ${info.regions} regions and ${info.irqs} interrupts; its node in the device tree says ${step.regions} and ${step.irqs}`,
    );
  }
  if (step.reset && !info.canReset) {
    throw new UnexpectedAnswer(`${step.deviceHandle} cannot be reset: the kernel has no reset handler for it`);
  }
}

const ALLOWS = { read: 'readable', write: 'writable', mmap: 'mappable' } as const;

export function checkRegionInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-region-info'>): void {
  const info = getRegionInfo(kernel, handles.fd(step.deviceHandle), step.index);
  if (info.size === 0n) throw new UnexpectedAnswer(`${step.deviceHandle} has no region ${step.index}`);
  if (step.size !== undefined && info.size !== step.size) {
    throw new UnexpectedAnswer(
      `region ${step.index} of ${step.deviceHandle} has ${formatBytes(info.size)}; the device tree says ${formatBytes(step.size)}`,
    );
  }
  const missing = (step.flags ?? []).filter((flag) => !info[ALLOWS[flag]]);
  if (missing.length > 0) {
    throw new UnexpectedAnswer(`region ${step.index} of ${step.deviceHandle} does not allow ${missing.join(', ')}`);
  }
  handles.setRegion(step.deviceHandle, info);
}

/** Interrupts have names on PCI and numbers elsewhere. */
const irqIndex = (index: StepOf<'set-irqs'>['index']): number => (typeof index === 'number' ? index : PCI_IRQ[index]);

export function checkIrqInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-irq-info'>): void {
  const info = getIrqInfo(kernel, handles.fd(step.deviceHandle), irqIndex(step.index));
  const trigger = info.automasked ? 'level' : 'edge';
  if (info.count < step.count) {
    throw new UnexpectedAnswer(
      typeof step.index === 'number'
        ? `interrupt ${step.index} of ${step.deviceHandle} is not there for the kernel`
        : `${step.deviceHandle} has ${info.count} ${step.index} interrupts, the plan connects ${step.count}`,
    );
  }
  if (step.trigger !== undefined && trigger !== step.trigger) {
    throw new UnexpectedAnswer(
      `interrupt ${step.index} of ${step.deviceHandle} is ${trigger}-triggered for the kernel; the device tree says ${step.trigger}`,
    );
  }
}

export async function resetDeviceStep(kernel: Kernel, handles: Handles, step: StepOf<'reset-device'>): Promise<void> {
  await resetDevice(kernel, handles.fd(step.deviceHandle));
}

/** R-RESET-5: whoever resets a slot or a bus must hold every function on it. */
export function checkHotReset(kernel: Kernel, handles: Handles, step: StepOf<'check-hot-reset'>): void {
  const hit = getPciHotResetInfo(kernel, handles.fd(step.deviceHandle));
  const others = hit.filter(({ address }) => !step.owned.some((owned) => owned === address));
  if (others.length === 0) return;
  const list = others.map(({ address, group }) => `${address} of group ${group}`).join(', ');
  throw new UnexpectedAnswer(
    `a hot reset of ${step.deviceHandle} would also hit ${list}, which this plan does not hold`,
  );
}

export async function hotReset(kernel: Kernel, handles: Handles, step: StepOf<'hot-reset'>): Promise<void> {
  const groups = step.groupHandles.map((handle) => handles.fd(handle));
  await pciHotReset(kernel, handles.fd(step.deviceHandle), groups);
}

export function setIrqs(kernel: Kernel, handles: Handles, step: StepOf<'set-irqs'>): void {
  const eventfds = step.eventfds.map((handle) => handles.fd(handle));
  try {
    connectEventfds(kernel, handles.fd(step.deviceHandle), irqIndex(step.index), eventfds);
  } catch (error) {
    if (error instanceof TooFewInterrupts) throw new UnexpectedAnswer(error.message);
    throw error;
  }
}

export function clearIrqs(kernel: Kernel, handles: Handles, step: StepOf<'clear-irqs'>): void {
  disableIrqs(kernel, handles.fd(step.deviceHandle), irqIndex(step.index));
}

export function setIrqUnmask(kernel: Kernel, handles: Handles, step: StepOf<'set-irq-unmask'>): void {
  unmaskThrough(kernel, handles.fd(step.deviceHandle), step.index, handles.fd(step.eventfd));
}

export function clearIrqUnmask(kernel: Kernel, handles: Handles, step: StepOf<'clear-irq-unmask'>): void {
  unmaskThrough(kernel, handles.fd(step.deviceHandle), step.index, null);
}

/** R-TREE-5: a kernel that knows the tree must say what the tree says. */
export function checkDevtreeInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-devtree-info'>): void {
  const { path, dtIndex } = getDevtreeInfo(kernel, handles.fd(step.deviceHandle), step.type, step.index);
  if (path === step.path && dtIndex === step.dtIndex) return;
  throw new UnexpectedAnswer(
    `${step.type} ${step.index} of ${step.deviceHandle} is entry ${dtIndex} of ${path} for the kernel, and entry ${step.dtIndex} of ${step.path} in the tree that the plan was made from`,
  );
}

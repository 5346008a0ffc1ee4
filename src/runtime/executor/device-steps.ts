import type { StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import {
  connectEventfds,
  disableIrqs,
  getDeviceFd,
  getDeviceInfo,
  getIrqInfo,
  getRegionInfo,
  PCI_IRQ,
  resetDevice,
  TooFewInterrupts,
} from '../uapi/index.ts';
import { UnexpectedAnswer } from './failure.ts';
import type { Handles } from './handles.ts';

export async function openDevice(kernel: Kernel, handles: Handles, step: StepOf<'open-device'>): Promise<void> {
  handles.setFd(step.handle, await getDeviceFd(kernel, handles.fd(step.groupHandle), step.device.address));
}

export function checkDeviceInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-device-info'>): void {
  const info = getDeviceInfo(kernel, handles.fd(step.deviceHandle));
  if (info.bus !== step.bus)
    throw new UnexpectedAnswer(`${step.deviceHandle} answers as a device of bus ${info.bus}, not ${step.bus}`);
}

export function checkRegionInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-region-info'>): void {
  const info = getRegionInfo(kernel, handles.fd(step.deviceHandle), step.index);
  if (info.size === 0n) throw new UnexpectedAnswer(`${step.deviceHandle} has no region ${step.index}`);
  handles.setRegionOffset(step.deviceHandle, step.index, info.offset);
}

export function checkIrqInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-irq-info'>): void {
  const info = getIrqInfo(kernel, handles.fd(step.deviceHandle), PCI_IRQ[step.index]);
  if (info.count < step.count) {
    throw new UnexpectedAnswer(
      `${step.deviceHandle} has ${info.count} ${step.index} interrupts, the plan connects ${step.count}`,
    );
  }
}

export async function resetDeviceStep(kernel: Kernel, handles: Handles, step: StepOf<'reset-device'>): Promise<void> {
  await resetDevice(kernel, handles.fd(step.deviceHandle));
}

/** One access of the register's own width: the kernel passes it on as such. PCI registers are little-endian. */
export function writeRegion(kernel: Kernel, handles: Handles, step: StepOf<'write-region'>): void {
  const data = Buffer.alloc(step.width);
  data.writeUIntLE(Number(step.value), 0, step.width);
  kernel.pwrite(handles.fd(step.deviceHandle), data, handles.regionOffset(step.deviceHandle, step.index) + step.offset);
}

export function setIrqs(kernel: Kernel, handles: Handles, step: StepOf<'set-irqs'>): void {
  const eventfds = step.eventfds.map((handle) => handles.fd(handle));
  try {
    connectEventfds(kernel, handles.fd(step.deviceHandle), PCI_IRQ[step.index], eventfds);
  } catch (error) {
    if (error instanceof TooFewInterrupts) throw new UnexpectedAnswer(error.message);
    throw error;
  }
}

export function clearIrqs(kernel: Kernel, handles: Handles, step: StepOf<'clear-irqs'>): void {
  disableIrqs(kernel, handles.fd(step.deviceHandle), PCI_IRQ[step.index]);
}

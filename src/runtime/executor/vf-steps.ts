import type { DeviceRef, StepOf } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';
import { DeviceHeld, UnexpectedAnswer } from './failure.ts';
import type { HostSide } from './host-steps.ts';
import { baseName, boundDriver, sysfs } from './sysfs.ts';

/** Whether host drivers take the VFs of a physical function as they appear. */
export async function setVfAutoprobe({ kernel }: HostSide, step: StepOf<'set-vf-autoprobe'>): Promise<void> {
  const path = sysfs.vfAutoprobe(step.device);
  const value = step.on ? '1' : '0';
  if (kernel.readFile(path).trim() === value) return;
  await kernel.writeFile(path, value);
  const now = kernel.readFile(path).trim();
  if (now !== value) throw new UnexpectedAnswer(`${path} reads ${now} after ${value} was written`);
}

/** Makes the VFs of a physical function, or unmakes them; a driver may make fewer than it is asked for. */
export async function setVfCount({ kernel }: HostSide, step: StepOf<'set-vf-count'>): Promise<void> {
  const path = sysfs.vfCount(step.device);
  const before = vfsOn(kernel, step.device);
  if (before === step.count) return;
  if (step.count === 0) refuseWhileUsed(kernel, step.device, before);
  await kernel.writeFile(path, String(step.count));
  const now = vfsOn(kernel, step.device);
  if (now === step.count) return;
  if (before === 0) await kernel.writeFile(path, '0');
  throw new UnexpectedAnswer(
    `the driver made ${now} of the ${step.count} VFs, and they are gone again. Ask for as many as it has resources for`,
  );
}

const vfsOn = (kernel: Kernel, device: DeviceRef): number => Number(kernel.readFile(sysfs.vfCount(device)).trim());

/**
 * VFs are made without a driver: whoever has bound one uses it. Unmaking it would take it from a running virtual machine, or
 * wait in the kernel until that lets go.
 */
function refuseWhileUsed(kernel: Kernel, device: DeviceRef, count: number): void {
  for (let index = 0; index < count; index++) {
    const address = vfAt(kernel, device, index);
    const driver = address === undefined ? null : boundDriver(kernel, { bus: 'pci', address } as DeviceRef);
    if (driver === null) continue;
    throw new DeviceHeld(
      `VF ${index}, ${address}, is on ${driver}: somebody uses it. Take down what it was assigned by, or unbind it, then run this again.`,
    );
  }
}

/** The PCI address of a VF; undefined where the kernel has no such VF (any more). */
function vfAt(kernel: Kernel, device: DeviceRef, index: number): string | undefined {
  try {
    return baseName(kernel.readlink(sysfs.vfLink(device, index)));
  } catch (error) {
    if (error instanceof KernelError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

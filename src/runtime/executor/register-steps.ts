import { hex, type RegisterStep, type StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { readRegister, type Registers, writeRegister } from '../registers.ts';
import { StepWarning, UnexpectedAnswer } from './failure.ts';
import type { Handles } from './handles.ts';

type Place = Pick<RegisterStep, 'deviceHandle' | 'index' | 'order'>;

function registersOf(kernel: Kernel, handles: Handles, { deviceHandle, index, order }: Place): Registers {
  return {
    kernel,
    device: handles.fd(deviceHandle),
    bus: handles.bus(deviceHandle),
    region: handles.region(deviceHandle, index),
    ...(order === undefined ? {} : { order }),
  };
}

/** Whether the condition of a step holds; a step without one is always carried out. */
function applies(kernel: Kernel, handles: Handles, { deviceHandle, when }: RegisterStep): boolean {
  if (!when) return true;
  const registers = registersOf(kernel, handles, { ...when, deviceHandle });
  return (readRegister(registers, when.offset, when.width) & when.mask) === when.equals;
}

/** One access of the register's own width. */
export function writeRegion(kernel: Kernel, handles: Handles, step: StepOf<'write-region'>): void {
  if (!applies(kernel, handles, step)) return;
  writeRegister(registersOf(kernel, handles, step), step.offset, step.width, step.value);
}

export function modifyRegion(kernel: Kernel, handles: Handles, step: StepOf<'modify-region'>): void {
  if (!applies(kernel, handles, step)) return;
  const registers = registersOf(kernel, handles, step);
  const before = readRegister(registers, step.offset, step.width);
  writeRegister(registers, step.offset, step.width, (before & ~step.clear) | step.set);
}

export function expectRegion(kernel: Kernel, handles: Handles, step: StepOf<'expect-region'>): void {
  if (!applies(kernel, handles, step)) return;
  const value = readRegister(registersOf(kernel, handles, step), step.offset, step.width);
  if ((value & step.mask) !== step.equals) refuse(step, step.onMismatch, value, 'must hold');
}

/** Reads until the bits are as they have to be. The last look is after the time is up: a slow machine is no slow device. */
export async function pollRegion(kernel: Kernel, handles: Handles, step: StepOf<'poll-region'>): Promise<void> {
  if (!applies(kernel, handles, step)) return;
  const registers = registersOf(kernel, handles, step);
  const read = () => readRegister(registers, step.offset, step.width);
  const interval = step.intervalMicroseconds / 1000;
  let value = read();
  for (let waited = 0; (value & step.mask) !== step.equals; waited += interval) {
    if (waited >= step.timeoutMilliseconds) {
      return refuse(step, step.onTimeout, value, `did not come within ${step.timeoutMilliseconds} ms`);
    }
    await kernel.sleep(interval);
    value = read();
  }
}

export const delay = (kernel: Kernel, _handles: Handles, step: StepOf<'delay'>): Promise<void> =>
  kernel.sleep(step.microseconds / 1000);

function refuse(
  step: StepOf<'expect-region' | 'poll-region'>,
  how: 'fail' | 'warn',
  value: bigint,
  what: string,
): void {
  const message = `${step.register} of ${step.deviceHandle} reads ${hex(value)}; "${step.action}" ${what}`;
  throw how === 'warn' ? new StepWarning(message) : new UnexpectedAnswer(message);
}

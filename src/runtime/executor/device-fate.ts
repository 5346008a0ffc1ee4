import type { DeviceRef, Plan, Step, StepOf } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';
import type { StepFailure } from './failure.ts';
import { boundDriver, sysfs } from './sysfs.ts';

/** What has become of a device of which a step of the way back failed. */
export type DeviceFate =
  /** As it should be, or as far as can be seen. */
  | { readonly kind: 'here' }
  /** Unplugged: nothing of it is left that could be given back. */
  | { readonly kind: 'gone' }
  /** Somebody else has bound it meanwhile, or means to. The failure says so. */
  | { readonly kind: 'taken'; readonly failure: StepFailure };

/** The device that a step is about, or whose handles it uses: its resource names it. */
export function deviceOfStep(step: Step, plan: Plan): DeviceRef | undefined {
  if ('device' in step) return step.device;
  const assignment = plan.assignments.find(({ address }) => step.resource === `device ${address}`);
  // The two members go together, which a plan's schema says and its type does not.
  return assignment && ({ bus: assignment.bus, address: assignment.address } as DeviceRef);
}

/** Looks at the device of a failed step of the way back. */
export function fateOf(failure: StepFailure, plan: Plan, kernel: Kernel): DeviceFate {
  const { step } = failure;
  const device = deviceOfStep(step, plan);
  if (!device) return { kind: 'here' };
  // Without it the device has no directory either; both are made and go together.
  if (!kernel.exists(sysfs.driverOverride(device))) return { kind: 'gone' };
  if (failure.kind === 'taken') return { kind: 'taken', failure };
  if (step.kind !== 'bind-driver') return { kind: 'here' };
  const driver = driverNow(kernel, device);
  if (driver === null || driver === step.driver || driver === givenTo(step, plan)) return { kind: 'here' };
  const explanation = `The device is on ${driver} by now: somebody else has taken it, and it is left alone.`;
  return { kind: 'taken', failure: { ...failure, kind: 'taken', explanation } };
}

/** The VFIO driver that the plan itself has bound it to: it is still there where it could not be unbound. */
const givenTo = ({ device }: StepOf<'bind-driver'>, { up }: Plan): string | undefined =>
  up.filter((one) => one.kind === 'bind-driver').find((one) => one.device.address === device.address)?.driver;

function driverNow(kernel: Kernel, device: DeviceRef): string | null {
  try {
    return boundDriver(kernel, device);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return null;
  }
}

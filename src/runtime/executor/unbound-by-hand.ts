import type { Plan, Step, StepOf } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';
import type { StepFailure } from './failure.ts';
import type { JournalState } from './journal.ts';
import { boundDriver, driverOverride } from './sysfs.ts';

/**
 * The devices of a plan's recovery that somebody has taken from their VFIO driver by hand, and given to none. The run had
 * them on it and had not begun to give them back, so whoever used them may have left them running; without VFIO nobody can
 * silence them, and the host must not get them so (R-RESET-1, R-ORDER-4).
 */
export function unboundByHand(
  plan: Plan,
  kernel: Kernel,
  { ran, undone, unsettled }: Pick<JournalState, 'ran' | 'undone' | 'unsettled'>,
): StepFailure[] {
  return (plan.recover ?? []).flatMap((step) => {
    if (step.kind !== 'open-device') return [];
    const bind = bindingOf(step, plan);
    if (!bind || !ran.has(bind.id) || unsettled.has(bind.id)) return [];
    const back = plan.down.find(({ undoes }) => undoes === bind.id);
    if (!back || undone.has(back.id) || unsettled.has(back.id) || !isKeptFrom(bind, kernel)) return [];
    const { address } = step.device;
    const explanation =
      `Somebody has unbound ${address} from ${bind.driver} by hand. It may still do DMA, and without a VFIO driver it cannot be silenced: ` +
      `bind it to ${bind.driver} again, and run this again.`;
    return [{ step, kind: 'taken', operation: step.kind, errno: null, explanation } as const];
  });
}

const bindingOf = ({ resource }: Step, { up }: Plan): StepOf<'bind-driver'> | undefined =>
  up.find((step) => step.kind === 'bind-driver' && step.resource === resource) as StepOf<'bind-driver'> | undefined;

/** Whether a device has no driver, and still the override of the run: one that was pulled out and put back is as new. */
function isKeptFrom({ device, driver }: StepOf<'bind-driver'>, kernel: Kernel): boolean {
  try {
    return boundDriver(kernel, device) === null && driverOverride(kernel, device) === driver;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    // Unplugged.
    return false;
  }
}

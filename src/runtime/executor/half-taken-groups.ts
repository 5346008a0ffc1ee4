import { type DeviceRef, isVfioDriver, type Plan } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';
import type { JournalState } from './journal.ts';
import { boundDriver, groupOf } from './sysfs.ts';

/**
 * The resources of devices whose group is not all on VFIO because the run itself has not taken all of it yet, or has given a
 * part back: a run that was cut short between the first and the last. Such a device cannot be opened (a group is all or
 * nothing, R-GROUP-1), and need not be: nobody could open it since it was bound, or it was silenced before the first of its
 * group went back (R-ORDER-4). One of which another member is on its host driver by other hands is not among them.
 */
export function inHalfTakenGroups(
  plan: Plan,
  kernel: Kernel,
  { ran, undone }: Pick<JournalState, 'ran' | 'undone'>,
): ReadonlySet<string> {
  const groups = new Set<number>();
  for (const device of devicesOf(plan)) {
    const group = groupOf(kernel, device);
    if (group !== null && isOnHostDriver(kernel, device) && !isTaken(device, plan, ran, undone)) groups.add(group);
  }
  const resources = new Set<string>();
  if (groups.size === 0) return resources;
  for (const step of plan.recover ?? []) {
    const group = step.kind === 'open-device' ? groupOf(kernel, step.device) : null;
    if (group !== null && groups.has(group)) resources.add(step.resource);
  }
  return resources;
}

/** Whether the run has taken the device, to VFIO or only from its driver, and not given it back. */
function isTaken({ address }: DeviceRef, { up, down }: Plan, ran: ReadonlySet<string>, undone: ReadonlySet<string>) {
  const last = up.findLast(
    (step) => (step.kind === 'bind-driver' || step.kind === 'unbind-driver') && step.device.address === address,
  );
  return last !== undefined && ran.has(last.id) && !down.some(({ id, undoes }) => undoes === last.id && undone.has(id));
}

/** Every device whose driver the plan changes. */
const devicesOf = ({ up }: Plan): DeviceRef[] => [
  ...new Map(
    up.flatMap((step) =>
      step.kind === 'bind-driver' || step.kind === 'unbind-driver' ? [[step.device.address, step.device] as const] : [],
    ),
  ).values(),
];

function isOnHostDriver(kernel: Kernel, device: DeviceRef): boolean {
  try {
    const driver = boundDriver(kernel, device);
    return driver !== null && !isVfioDriver(driver);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return false;
  }
}

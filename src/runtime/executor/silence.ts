import { type DeviceRef, isVfioDriver, persistenceOf, type Plan, type Step } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';
import { type Explain, failureOf, isBearable, type StepFailure } from './failure.ts';
import type { Handles } from './handles.ts';
import type { HostSide } from './host-steps.ts';
import { inHalfTakenGroups } from './half-taken-groups.ts';
import type { JournalState } from './journal.ts';
import { perform } from './perform.ts';
import { boundDriver } from './sysfs.ts';

/** What silencing needs of a run. */
interface Silencing {
  readonly plan: Plan;
  readonly host: HostSide;
  readonly explain: Explain;
  readonly events: { failed?(failure: StepFailure): void; warned?(failure: StepFailure): void };
}

/** What silencing the devices of a plan came to. */
export interface Recovery {
  /** The first failure of each device that could not be silenced. */
  readonly left: readonly StepFailure[];
  /** Their resources, as steps call them. */
  readonly unsilenced: ReadonlySet<string>;
}

/**
 * Carries out a plan's recovery: silences the devices that this process does not hold (R-RESET-1). A device that is not on a
 * VFIO driver is somebody else's by now, and left alone.
 *
 * @param wanted which steps of the recovery: all of a device or none of it.
 */
export async function silence(
  { plan, host, events, explain }: Silencing,
  handles: Handles,
  { ran, undone }: Pick<JournalState, 'ran' | 'undone'>,
  wanted: (step: Step) => boolean = () => true,
): Promise<Recovery> {
  const left: StepFailure[] = [];
  const unsilenced = new Set<string>();
  const { kernel } = host;
  const half = plan.recover?.length ? inHalfTakenGroups(plan, kernel, { ran, undone }) : [];
  const elsewhere = new Set([...half, ...devicesElsewhere(plan, kernel)]);
  for (const step of plan.recover ?? []) {
    if (!wanted(step)) continue;
    const { undoes = '', resource } = step;
    if (elsewhere.has(resource) || (isJournalled(undoes, plan) && !ran.has(undoes))) continue;
    // After a failure what is open is closed all the same.
    if (unsilenced.has(resource) && !canClose(step, handles)) continue;
    try {
      await perform(step, host, handles);
    } catch (error) {
      const failure = failureOf(step, error, explain);
      if (isBearable(failure)) {
        events.warned?.(failure);
        continue;
      }
      if (!unsilenced.has(resource)) left.push(failure);
      unsilenced.add(resource);
      events.failed?.(failure);
    }
  }
  return { left, unsilenced };
}

/** Closing a group takes it from its container as well, so nothing else has to be done after a failure. */
const canClose = (step: Step, handles: Handles): boolean => step.kind === 'close' && handles.has(step.handle);

function devicesElsewhere(plan: Plan, kernel: Kernel): Set<string> {
  const elsewhere = new Set<string>();
  for (const step of plan.recover ?? []) {
    if (step.kind === 'open-device' && !isOnVfio(kernel, step.device)) elsewhere.add(step.resource);
  }
  return elsewhere;
}

/** Whether a step of `up` is one that the journal knows of. */
const isJournalled = (id: string, plan: Plan): boolean =>
  plan.up.some((step) => step.id === id && persistenceOf(step.kind) === 'durable');

function isOnVfio(kernel: Kernel, device: DeviceRef): boolean {
  try {
    const driver = boundDriver(kernel, device);
    return driver !== null && isVfioDriver(driver);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    // Unplugged: there is nothing left to silence. Where the kernel does not say, opening it will tell.
    return error.code !== 'ENOENT';
  }
}

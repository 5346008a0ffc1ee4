import type { Step } from '../../model/index.ts';
import { KernelError } from '../kernel/port.ts';
import { RegisterFault } from '../registers.ts';
import { MalformedAnswer } from '../uapi/index.ts';

/** The kernel did what it was asked, and its answer is not what the plan needs. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

/** Something that a plugin wants to be told, and that does not stop the run. */
export class StepWarning extends Error {
  override readonly name = 'StepWarning';
}

/**
 * Nobody can know any more what would take a step back. It is told as something that did not come back, once: trying again
 * would find the same.
 */
export class WayBackLost extends Error {
  override readonly name = 'WayBackLost';
}

/** A step that could not be carried out within its time. */
export class StepTimeout extends Error {
  override readonly name = 'StepTimeout';
}

/** Somebody else has the device open, so that the call would block as long as they do. */
export class DeviceHeld extends Error {
  override readonly name = 'DeviceHeld';
}

/** Somebody else has changed what a step of the way back was to put back. */
export class TakenMeanwhile extends Error {
  override readonly name = 'TakenMeanwhile';
}

/** What went wrong at a step, in parts that can be shown and stored. */
export interface StepFailure {
  readonly step: Step;
  readonly kind: 'errno' | 'answer' | 'warning' | 'timeout' | 'held' | 'taken' | 'interrupted';
  /** The call and its target: `VFIO_GROUP_SET_CONTAINER on group:4`. */
  readonly operation: string;
  /** The errno by name; null where no call failed. */
  readonly errno: string | null;
  /** What happened, and what it usually means there. */
  readonly explanation: string;
}

/** Explains an errno at a call; the table of the ioctl or of the sysfs attribute that it came from. */
export type Explain = (error: KernelError, step: Step) => string;

/** Turns what a step threw into a failure. Anything but the errors that a kernel or a check can give is our bug: thrown on. */
export function failureOf(step: Step, error: unknown, explain: Explain): StepFailure {
  if (error instanceof KernelError) {
    return {
      step,
      kind: 'errno',
      operation: `${error.call} on ${error.target}`,
      errno: error.code,
      explanation: explain(error, step),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  const failure = { step, operation: step.kind, errno: null, explanation: message };
  const answers = [UnexpectedAnswer, WayBackLost, MalformedAnswer, RegisterFault];
  if (answers.some((kind) => error instanceof kind)) return { ...failure, kind: 'answer' };
  if (error instanceof StepWarning) return { ...failure, kind: 'warning' };
  if (error instanceof StepTimeout) return { ...failure, kind: 'timeout' };
  if (error instanceof DeviceHeld) return { ...failure, kind: 'held' };
  if (error instanceof TakenMeanwhile) return { ...failure, kind: 'taken' };
  throw error;
}

/** A failure that is told and does not stop a run: of a reset that the manifest only prefers, or one that a plugin bears. */
export const isBearable = ({ step, kind }: StepFailure): boolean =>
  kind === 'warning' || ((step.kind === 'reset-device' || step.kind === 'hot-reset') && step.bestEffort);

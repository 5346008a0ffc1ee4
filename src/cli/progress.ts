import type { Plan, StepKind } from '../model/index.ts';
import { describeStep } from '../render/step.ts';
import type { ExecutorEvents } from '../runtime/executor/execute.ts';
import type { StepFailure } from '../runtime/executor/failure.ts';
import type { BackOutcome } from '../runtime/project/project-run.ts';
import type { LeftOver } from '../runtime/project/record.ts';
import { ExitStatus } from './exit-status.ts';

/** Steps that come in thousands or that say nothing to a person while they succeed: shown with --verbose only. */
const QUIET: ReadonlySet<StepKind> = new Set<StepKind>([
  'map-dma',
  'unmap-dma',
  'create-eventfd',
  'close',
  'check-api-version',
  'check-extension',
  'check-device-info',
  'check-region-info',
  'check-irq-info',
  'wait-node',
]);

/** How the line of a step begins that went well. */
export const OK = '  ok      ';

/** Says on one line each what a run does. */
export function progress(say: (line: string) => void, options: { quiet: boolean; verbose: boolean }): ExecutorEvents {
  const shown = (kind: StepKind) => !options.quiet && (options.verbose || !QUIET.has(kind));
  return {
    finished: (step) => {
      if (shown(step.kind)) say(`${OK}${describeStep(step)}`);
    },
    waiting: (step, users) =>
      say(
        `  waits   ${describeStep(step)}: the kernel has not answered yet${users.length === 0 ? '' : `; ${users.join('; ')}`}`,
      ),
    failed: (failure) => say(`  FAILED  ${describeStep(failure.step)}`),
    left: (step, project, known) => {
      const why = known
        ? `project ${project} needs it as it is, and puts it back`
        : `project ${project} may need it as it is, its record cannot be read; do this by hand once that project is seen to`;
      say(`  left    ${describeStep(step)}: ${why}`);
    },
    warned: (failure) => say(`  skipped ${describeStep(failure.step)}: ${failureText(failure)}`),
  };
}

/** A failure in one paragraph: the operation, the target, the errno by name, and what it usually means there. */
export const failureText = (failure: StepFailure): string =>
  `${failure.operation}${failure.errno === null ? '' : `: ${failure.errno}`}: ${failure.explanation}`;

/** Where a step stands in its plan, for messages: `step 7 of 21 (bind-driver:0000:01:00.0)`. */
export function placeOf(plan: Plan, failure: StepFailure): string {
  const { id } = failure.step;
  const index = plan.up.findIndex((step) => step.id === id);
  if (index >= 0) return `step ${index + 1} of ${plan.up.length} (${id})`;
  return `step ${plan.down.findIndex((step) => step.id === id) + 1} of ${plan.down.length} of the way back (${id})`;
}

/** Devices that could not be given back because they are not there any more. */
const goneLines = (gone: readonly string[]): string[] => [
  ...gone.map(
    (address) =>
      `${address} is not there any more: unplugged, or removed. It did not come back to its driver; where it is found again, the kernel treats it as a new one.`,
  ),
  'Everything else came back, and the project is over.',
];

/** What a person still has to do by hand. */
export const leftOverLines = (left: readonly LeftOver[]): string[] => [
  'Not everything came back. Left to do:',
  ...left.map((one) => `  ${one.resource}: ${one.explanation}`),
  'When the cause is gone, run "vfio-compose down" again: it goes on from there. "vfio-compose down --forget" gives up the rest.',
];

/** Says what a way back could not do, and gives the status for it: 0 where the host is as it was. */
export function statusOfBack(outcome: BackOutcome, say: (line: string) => void): number {
  const lines =
    outcome.kind === 'stuck' ? leftOverLines(outcome.left) : outcome.gone.length > 0 ? goneLines(outcome.gone) : [];
  for (const line of lines) say(line);
  return lines.length > 0 ? ExitStatus.failedAndNotRolledBack : ExitStatus.done;
}

import { ProjectRun } from '../runtime/project/project-run.ts';
import type { BringUp } from './bring-up-outcome.ts';
import { failedStatus } from './bring-up.ts';
import { ExitStatus } from './exit-status.ts';
import { statusOfBack, progress } from './progress.ts';
import { Signals } from './signals.ts';

/** Carries a plan out and takes it back at once, in this process. Returns the exit status. The lock must be held. */
export async function thereAndBack(
  options: Omit<BringUp, 'detached' | 'changed'> & { readonly verb: string },
): Promise<number> {
  const { invocation, verb, plan, machine, state, source } = options;
  const { terminal, global } = invocation;
  const say = (line: string) => terminal.err(`${line}\n`);
  const signals = new Signals();
  try {
    const run = await ProjectRun.prepare({
      plan,
      machine,
      directory: state.project(plan.project),
      ownerKind: 'foreground',
      source,
      events: progress(say, global),
      signal: signals.signal,
      now: () => new Date(),
    });
    const up = await run.up();
    if (up.kind !== 'up') return failedStatus(verb, up, plan, terminal, signals);
    const status = statusOfBack(await run.down(), say);
    if (status !== ExitStatus.done) return status;
    return signals.signal.aborted ? signals.status() : ExitStatus.done;
  } finally {
    signals.dispose();
  }
}

import type { Plan } from '../model/index.ts';
import { renderSummary } from '../render/plan.ts';
import type { Machine } from '../runtime/project/machine.ts';
import { ExitStatus } from './exit-status.ts';
import type { Invocation } from './verb.ts';

export interface Approval {
  readonly invocation: Invocation;
  /** Who asks: `up`. */
  readonly verb: string;
  readonly plan: Plan;
  readonly machine: Machine;
  /** What is shown after the summary of the plan. */
  readonly more: readonly string[];
}

/** Shows what will happen and, to a person, puts the question. Returns a status where nothing is to be done. */
export async function approve({ invocation, verb, plan, machine, more }: Approval): Promise<number | undefined> {
  const { terminal, options, global } = invocation;
  if (!global.quiet) terminal.err(`${[...renderSummary(plan), '', ...more].join('\n')}\n`);
  const { missingPrivilege } = await import('./privilege.ts');
  const missing = machine.hostFile === null ? missingPrivilege(plan) : undefined;
  if (missing !== undefined) {
    terminal.err(`vfio-compose ${verb}: ${missing}\nNothing was changed.\n`);
    return ExitStatus.privilege;
  }
  if (options['yes'] === true || !terminal.interactive) return undefined;
  if (await terminal.confirm('Carry it out?')) return undefined;
  terminal.err('Nothing was changed.\n');
  return ExitStatus.failedAndRolledBack;
}

import type { Plan } from '../../model/index.ts';
import { renderSummary } from '../../render/plan.ts';
import { compileInvocation, type CompiledInvocation } from '../compile-invocation.ts';
import { ExitStatus, statusOf } from '../exit-status.ts';
import { loadPlanFile } from '../plan-file.ts';
import { lockState, recoverFirst } from '../transition.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';

/** Compiles, shows, asks, carries out; then holds the devices, or leaves them with a supervisor. */
export const verb: Verb = {
  name: 'up',
  summary: 'give the devices out: show the plan, ask, carry it out',
  configure: (command) => {
    command
      .argument('[manifest]', 'the manifest')
      .option('-d, --detach', 'leave a supervisor behind instead of holding the devices here')
      .option('--plan <file>', 'run exactly this saved plan')
      .option('-y, --yes', 'do not ask');
  },
  run: async (invocation) => {
    const { options, args } = invocation;
    const file = options['plan'];
    if (typeof file === 'string' && (args.length > 0 || invocation.global.file.length > 0)) {
      throw new UsageError('--plan runs a plan as it is; a manifest beside it would not be read');
    }
    const lock = await lockState(invocation);
    if (typeof lock === 'number') return lock;
    try {
      const compiled = await (typeof file === 'string'
        ? loadPlanFile(invocation, file, lock.state)
        : compileInvocation(invocation, {
            state: lock.state,
            beforeHost: (name, source) => recoverFirst(invocation, lock.state, name, source),
          }));
      await compiled.report();
      if (compiled.stopped !== undefined) return compiled.stopped;
      const { plan, machine, diagnostics, source = '' } = compiled;
      if (!plan || !machine) return statusOf(diagnostics);
      const refusal = await ask(invocation, plan, compiled);
      if (refusal !== undefined) return refusal;
      const detached = options['detach'] === true;
      const { bringUp } = await import('../bring-up.ts');
      return await bringUp({ invocation, plan, machine, state: lock.state, detached, source, changed: lock.release });
    } finally {
      lock.release();
    }
  },
};

/** Shows what will happen and, to a person, puts the question. Returns a status where nothing is to be done. */
async function ask(invocation: Invocation, plan: Plan, { machine }: CompiledInvocation): Promise<number | undefined> {
  const { terminal, options, global } = invocation;
  if (!global.quiet)
    terminal.err(`${renderSummary(plan).join('\n')}\n\n${plan.up.length} steps; "vfio-compose plan" shows them.\n`);
  const { missingPrivilege } = await import('../privilege.ts');
  const missing = machine?.hostFile === null ? missingPrivilege(plan) : undefined;
  if (missing !== undefined) {
    terminal.err(`vfio-compose up: ${missing}\nNothing was changed.\n`);
    return ExitStatus.privilege;
  }
  if (options['yes'] === true || !terminal.interactive) return undefined;
  if (await terminal.confirm('Carry it out?')) return undefined;
  terminal.err('Nothing was changed.\n');
  return ExitStatus.failedAndRolledBack;
}

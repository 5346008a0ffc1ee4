import { approve } from '../approve.ts';
import { compileInvocation } from '../compile-invocation.ts';
import { statusOf } from '../exit-status.ts';
import { loadPlanFile } from '../plan-file.ts';
import { openState } from '../changing.ts';
import { lockPlan } from '../lock-plan.ts';
import { recoverFirst } from '../recover-first.ts';
import { UsageError, type Verb } from '../verb.ts';

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
    const changing = openState(invocation, 'up');
    if (typeof changing === 'number') return changing;
    const { state } = changing;
    const compiled = await (typeof file === 'string'
      ? loadPlanFile(invocation, file, changing)
      : compileInvocation(invocation, {
          state,
          beforeHost: (name, source) => recoverFirst(invocation, changing, name, source),
        }));
    await compiled.report();
    if (compiled.stopped !== undefined) return compiled.stopped;
    const { plan, machine, diagnostics, source = '' } = compiled;
    if (!plan || !machine) return statusOf(diagnostics);
    const more = [`${plan.up.length} steps; "vfio-compose plan" shows them.`];
    const refusal = await approve({ invocation, verb: 'up', plan, machine, more });
    if (refusal !== undefined) return refusal;
    const locked = await lockPlan(invocation, changing, { plan, machine, source });
    if (typeof locked === 'number') return locked;
    try {
      const detached = options['detach'] === true;
      const { bringUp } = await import('../bring-up.ts');
      const { release } = locked;
      return await bringUp({
        invocation,
        plan,
        machine: locked.machine,
        ...changing,
        detached,
        source,
        changed: release,
      });
    } finally {
      locked.release();
    }
  },
};

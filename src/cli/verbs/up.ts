import { approve } from '../approve.ts';
import { compileInvocation } from '../compile-invocation.ts';
import { statusOf } from '../exit-status.ts';
import { loadPlanFile } from '../plan-file.ts';
import { lockState, recoverFirst } from '../transition.ts';
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
      const more = [`${plan.up.length} steps; "vfio-compose plan" shows them.`];
      const refusal = await approve({ invocation, verb: 'up', plan, machine, more });
      if (refusal !== undefined) return refusal;
      const detached = options['detach'] === true;
      const { bringUp } = await import('../bring-up.ts');
      return await bringUp({ invocation, plan, machine, state: lock.state, detached, source, changed: lock.release });
    } finally {
      lock.release();
    }
  },
};

import { encodePlan } from '../../compiler/plan-file/encode.ts';
import { renderPlan } from '../../render/plan.ts';
import { ExitStatus, statusOf } from '../exit-status.ts';
import { compileInvocation } from '../compile-invocation.ts';
import { UsageError, type Verb } from '../verb.ts';

/** The dry run: nothing that this verb loads can write to the host. */
export const verb: Verb = {
  name: 'plan',
  summary: 'show every step of up and of the way back, without taking any',
  configure: (command) => {
    command
      .argument('[manifest]', 'the manifest')
      .option('-o, --output <format>', 'text or json', 'text')
      .option('--out <file>', 'save the plan for up --plan')
      .option('--detailed-exitcode', 'status 2 where there are steps to take');
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const format = options['output'];
    if (format !== 'text' && format !== 'json') throw new UsageError(`-o takes text or json, not "${String(format)}"`);
    const { plan, diagnostics, report } = await compileInvocation(invocation);
    await report();
    if (!plan) return statusOf(diagnostics);
    const text = encodePlan(plan);
    if (typeof options['out'] === 'string') {
      const { saveFile } = await import('../save-file.ts');
      const failure = saveFile(options['out'], terminal.cwd, text);
      if (failure !== undefined) {
        terminal.err(`vfio-compose plan: ${failure}\n`);
        return ExitStatus.failedAndRolledBack;
      }
      if (!invocation.global.quiet)
        terminal.err(`Saved the plan to ${options['out']}; "vfio-compose up --plan" runs it.\n`);
    }
    if (format === 'json') terminal.out(text);
    else terminal.out(renderPlan(plan));
    return options['detailedExitcode'] === true && plan.up.length > 0 ? ExitStatus.changesPending : ExitStatus.done;
  },
};

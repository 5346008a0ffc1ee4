import { Option } from 'commander';
import { encodePlan } from '../../compiler/plan-file/encode.ts';
import { renderPlan } from '../../render/plan.ts';
import { ExitStatus, statusOf } from '../exit-status.ts';
import { type CompiledInvocation, compileInvocation, reporter } from '../compile-invocation.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';

/** The dry run: nothing that this verb loads can write to the host. */
export const verb: Verb = {
  name: 'plan',
  summary: 'show every step of up and of the way back, without taking any',
  configure: (command) => {
    command
      .argument('[manifest]', 'the manifest')
      .addOption(
        new Option('-o, --output <format>', 'text, json, or dts: an overlay for the device tree of a guest')
          .choices(['text', 'json', 'dts'])
          .default('text'),
      )
      .option('--vm <name>', 'with -o dts, whose guest, where several have platform devices')
      .option('--guest-intc <label>', "with -o dts, the label of the interrupt controller in the guest's tree", 'intc')
      .option('--out <file>', 'save the plan for up --plan')
      .option('--detailed-exitcode', 'status 2 where there are steps to take');
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const format = options['output'];
    if (format !== 'text' && format !== 'json' && format !== 'dts') {
      throw new UsageError(`-o takes text, json or dts, not "${String(format)}"`);
    }
    if (format !== 'dts' && options['vm'] !== undefined) throw new UsageError('--vm is for -o dts');
    const compiled = await compileInvocation(invocation);
    const { plan, diagnostics, report } = compiled;
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
    if (format === 'dts') {
      const status = await printGuestTree(invocation, compiled);
      if (status !== ExitStatus.done) return status;
    } else terminal.out(format === 'json' ? text : renderPlan(plan));
    return options['detailedExitcode'] === true && plan.up.length > 0 ? ExitStatus.changesPending : ExitStatus.done;
  },
};

async function printGuestTree(invocation: Invocation, compiled: CompiledInvocation): Promise<number> {
  const { resolved, machine, sources = new Map<string, string>() } = compiled;
  if (!resolved || !machine) return statusOf(compiled.diagnostics);
  const { options, terminal } = invocation;
  const { guestTree } = await import('../guest-tree.ts');
  const vm = typeof options['vm'] === 'string' ? options['vm'] : undefined;
  const controller = typeof options['guestIntc'] === 'string' ? options['guestIntc'] : 'intc';
  const made = guestTree(resolved, machine.inventory, { vm, controller });
  if ('source' in made) {
    terminal.out(made.source);
    return ExitStatus.done;
  }
  await reporter(invocation, made.diagnostics, sources)();
  return statusOf(made.diagnostics);
}

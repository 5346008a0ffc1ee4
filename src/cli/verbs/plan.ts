import { Option } from 'commander';
import { encodePlan } from '../../compiler/plan-file/encode.ts';
import type { Plan } from '../../model/index.ts';
import { renderPlan } from '../../render/plan.ts';
import { ExitStatus, statusOf } from '../exit-status.ts';
import { type CompiledInvocation, compileInvocation, reporter } from '../compile-invocation.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';

const FORMATS = ['text', 'json', 'dts', 'c'] as const;
type Format = (typeof FORMATS)[number];

/** The dry run: nothing that this verb loads can write to the host. */
export const verb: Verb = {
  name: 'plan',
  summary: 'show every step of up and of the way back, without taking any',
  configure: (command) => {
    command
      .argument('[manifest]', 'the manifest')
      .addOption(
        new Option(
          '-o, --output <format>',
          'text, json, dts: an overlay for the device tree of a guest, or c: a program that runs the plan without Node',
        )
          .choices(FORMATS)
          .default('text'),
      )
      .option('--vm <name>', 'with -o dts, whose guest, where several have platform devices')
      .option('--guest-intc <label>', "with -o dts, the label of the interrupt controller in the guest's tree", 'intc')
      .option('--out <file>', 'save the plan for up --plan; with -o c, the program')
      .option('--detailed-exitcode', 'status 2 where there are steps to take');
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const format = FORMATS.find((one) => one === options['output']);
    if (format === undefined)
      throw new UsageError(`-o takes ${FORMATS.join(', ')}, not "${String(options['output'])}"`);
    if (format !== 'dts' && options['vm'] !== undefined) throw new UsageError('--vm is for -o dts');
    const compiled = await compileInvocation(invocation);
    const { plan, diagnostics, report } = compiled;
    await report();
    if (!plan) return statusOf(diagnostics);
    const out = typeof options['out'] === 'string' ? options['out'] : undefined;
    const program = format === 'c' ? await programOf(plan) : undefined;
    if (out !== undefined && !(await save(invocation, out, program ?? encodePlan(plan), PURPOSE[format]))) {
      return ExitStatus.failedAndRolledBack;
    }
    if (format === 'dts') {
      const status = await printGuestTree(invocation, compiled);
      if (status !== ExitStatus.done) return status;
    } else if (program === undefined) terminal.out(format === 'json' ? encodePlan(plan) : renderPlan(plan));
    else {
      if (out === undefined) terminal.out(program);
      if (plan.processes && !invocation.global.quiet) terminal.err(STARTS_NOTHING);
    }
    return options['detailedExitcode'] === true && plan.up.length > 0 ? ExitStatus.changesPending : ExitStatus.done;
  },
};

/** What a saved file is for. */
const UP = '"vfio-compose up --plan" runs it';
const PURPOSE: Readonly<Record<Format, string>> = {
  text: UP,
  json: UP,
  dts: UP,
  c: 'compile it with "cc -std=gnu11 -static" for the machine that it is for',
};

const STARTS_NOTHING =
  'The program gives the devices out and takes them back; it does not start the processes of the plan.\n';

async function programOf(plan: Plan): Promise<string> {
  const [{ renderPlanAsC }, { readPart }] = await Promise.all([
    import('../../render/c/program.ts'),
    import('../c-parts.ts'),
  ]);
  return renderPlanAsC(plan, readPart);
}

/** Whether the file was written. */
async function save({ terminal, global }: Invocation, file: string, text: string, purpose: string): Promise<boolean> {
  const { saveFile } = await import('../save-file.ts');
  const failure = saveFile(file, terminal.cwd, text);
  if (failure !== undefined) terminal.err(`vfio-compose plan: ${failure}\n`);
  else if (!global.quiet) terminal.err(`Saved the plan to ${file}; ${purpose}.\n`);
  return failure === undefined;
}

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

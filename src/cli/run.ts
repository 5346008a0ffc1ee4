import { Command, CommanderError } from 'commander';
import { didYouMean } from '../model/near-names.ts';
import { PluginFault } from '../model/plugin/plugin.ts';
import { ExitStatus } from './exit-status.ts';
import { addGlobalOptions, globalOptions, VALUE_OPTIONS } from './global-options.ts';
import { NativeCallsMissing } from '../runtime/kernel/linux/load-koffi.ts';
import { type Terminal, UsageError, type Verb } from './verb.ts';
import { verbs } from './verbs/index.ts';

/** Where the verb stands: the first argument that is neither an option nor an option's value. */
function verbIndex(args: readonly string[]): number {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (VALUE_OPTIONS.has(arg)) index++;
    else if (!arg.startsWith('-')) return index;
  }
  return -1;
}

/** The command of one verb, with the global options and its own. */
export function commandOf(verb: Verb): Command {
  const command = new Command(`vfio-compose ${verb.name}`).description(verb.summary).allowExcessArguments(false);
  verb.configure(command);
  return addGlobalOptions(command);
}

/** The command that stands for the whole program: for help and for shell completion, which need every verb. */
export async function wholeCommand(version: string): Promise<Command> {
  const program = new Command('vfio-compose')
    .description('Assign devices to VMs and user-space drivers: review the plan, run it, and get the host back.')
    .version(version, '-V, --version');
  for (const load of Object.values(verbs)) {
    const verb = await load();
    const command = addGlobalOptions(program.command(verb.name).description(verb.summary));
    verb.configure(command);
  }
  return program;
}

/**
 * Runs the command line and returns the exit status. Throws only what is a bug; everything that a user, a host or a
 * kernel can do has a status and a message.
 */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  makeTerminal: (ansi: string) => Terminal,
): Promise<number> {
  const at = verbIndex(args);
  const name = at < 0 ? undefined : args[at];
  const plain = makeTerminal('auto');
  if (name === undefined || name === 'help') return showHelp(args, version, plain);
  const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!load) {
    plain.err(
      `vfio-compose: there is no verb "${name}". ${didYouMean(name, Object.keys(verbs))}\n`.replace(/ \n$/, '\n'),
    );
    plain.err('Run vfio-compose --help for the list.\n');
    return ExitStatus.usage;
  }
  const verb = await load();
  const command = commandOf(verb).exitOverride().configureOutput({ writeOut: plain.out, writeErr: plain.err });
  try {
    command.parse([...args.slice(0, at), ...behindVerb(verb, args.slice(at + 1))], { from: 'user' });
    const options = command.opts<Record<string, unknown>>();
    const terminal = makeTerminal(typeof options['ansi'] === 'string' ? options['ansi'] : 'auto');
    const global = globalOptions(options, terminal.env);
    return await verb.run({ args: command.args, options, global, terminal });
  } catch (error) {
    return await statusOfError(error, name, plain);
  }
}

const behindVerb = ({ followsByF }: Verb, args: readonly string[]): readonly string[] =>
  followsByF ? args.map((arg) => (arg === '-f' ? '--follow' : arg)) : args;

/** The status and the message for what is neither a verb's result nor a bug. */
async function statusOfError(error: unknown, name: string, terminal: Terminal): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.done : ExitStatus.usage;
  if (error instanceof NativeCallsMissing) {
    terminal.err(`vfio-compose ${name}: ${error.message}\n`);
    return ExitStatus.hostCannot;
  }
  if (error instanceof PluginFault) {
    terminal.err(`vfio-compose ${name}: ${error.message}. This is a mistake in the plugin.\n`);
    return ExitStatus.plugin;
  }
  if (error instanceof UsageError) {
    terminal.err(`vfio-compose ${name}: ${error.message}\n`);
    return ExitStatus.usage;
  }
  const { StateDirectoryError } = await import('../runtime/project/state-directory.ts');
  if (error instanceof StateDirectoryError) {
    terminal.err(
      `vfio-compose ${name}: ${error.message}\nNothing was changed. docs/security.md says what may stand there.\n`,
    );
    return ExitStatus.refusedForSafety;
  }
  const { BrokenRecord } = await import('../runtime/project/record.ts');
  if (error instanceof BrokenRecord) {
    terminal.err(
      `vfio-compose ${name}: ${error.message}. What the project had of the host is not known any more: see to its devices, then remove the record with "vfio-compose down -p ${error.project} --forget".\nNothing was changed. docs/security.md says what may stand there.\n`,
    );
    return ExitStatus.refusedForSafety;
  }
  throw error;
}

async function showHelp(args: readonly string[], version: string, terminal: Terminal): Promise<number> {
  if (args.includes('--version') || args.includes('-V')) {
    terminal.out(`${version}\n`);
    return ExitStatus.done;
  }
  const unknown = args.find((arg) => arg.startsWith('-') && !['-h', '--help'].includes(arg));
  const program = await wholeCommand(version);
  if (args.length > 0 && unknown === undefined) {
    terminal.out(program.helpInformation());
    return ExitStatus.done;
  }
  if (unknown !== undefined) terminal.err(`vfio-compose: a verb is missing before or after "${unknown}".\n`);
  terminal.err(program.helpInformation());
  return ExitStatus.usage;
}

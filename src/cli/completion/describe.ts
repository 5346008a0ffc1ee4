import { type Argument, Command, type Option } from 'commander';
import { addGlobalOptions } from '../global-options.ts';
import type { Verb } from '../verb.ts';

/** How a word of the command line can be completed. */
export type Completes =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'files' }
  | { readonly kind: 'directories' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

export interface DescribedOption {
  /** `-f`, `--file`, in that order, those that exist. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly repeatable: boolean;
  /** What its value is; null for a switch. */
  readonly value: (Completes & { readonly name: string }) | null;
}

export interface DescribedVerb {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly DescribedOption[];
  /** Its positional arguments; the last stands for all that follow if it is variadic. */
  readonly arguments: readonly (Completes & { readonly name: string; readonly variadic: boolean })[];
}

export interface CommandLine {
  readonly name: string;
  /** Options that may stand before or after the verb. */
  readonly options: readonly DescribedOption[];
  readonly verbs: readonly DescribedVerb[];
}

/** Reads off the definitions of the verbs what the shells need to complete them, so that the two cannot disagree. */
export async function describeCommandLine(
  name: string,
  verbs: Readonly<Record<string, () => Promise<Verb>>>,
): Promise<CommandLine> {
  const globals = addGlobalOptions(new Command()).version('', '-V, --version', 'output the version number');
  const loaded = await Promise.all(Object.values(verbs).map((load) => load()));
  return {
    name,
    options: [...visible(globals.options).map(describeOption), HELP],
    verbs: loaded.map((verb) => {
      const command = new Command(verb.name);
      verb.configure(command);
      return {
        name: verb.name,
        summary: verb.summary,
        options: visible(command.options).map(describeOption),
        arguments: command.registeredArguments.map(describeArgument),
      };
    }),
  };
}

/** commander adds it by itself and does not list it. */
const HELP: DescribedOption = {
  flags: ['-h', '--help'],
  description: 'display help for command',
  repeatable: false,
  value: null,
};

const visible = (options: readonly Option[]) => options.filter((option) => !option.hidden);

function describeOption(option: Option): DescribedOption {
  const name = /[<[]([^>\]]+)/.exec(option.flags)?.[1]?.replace(/\.\.\.$/, '');
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    // One that starts from a list collects, as `-f` does: giving it twice must be offered.
    repeatable: option.variadic || Array.isArray(option.defaultValue),
    value: name === undefined ? null : { ...completes(name, option.argChoices), name },
  };
}

function describeArgument(argument: Argument): DescribedVerb['arguments'][number] {
  const name = argument.name();
  return { ...completes(name, argument.argChoices), name, variadic: argument.variadic };
}

/** The placeholder in the help says what a value is: `<file>`, `[manifest]`, `<directory>`. */
function completes(name: string, choices: readonly string[] | undefined): Completes {
  if (choices) return { kind: 'words', words: choices };
  if (/director|folder|\bdir\b/i.test(name)) return { kind: 'directories' };
  return { kind: /file|manifest|snapshot|path/i.test(name) ? 'files' : 'nothing' };
}

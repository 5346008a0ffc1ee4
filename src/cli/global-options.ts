import { type Command, Option } from 'commander';
import type { GlobalOptions } from './verb.ts';

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

/** The options that every verb takes; they may stand before or after the verb. */
export function addGlobalOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-f, --file <file>', 'manifest; again for files that override earlier ones; - is stdin')
        .argParser(collect)
        .default([] as string[], 'vfio-compose.yaml, here or above'),
    )
    .option('--host <snapshot>', 'a captured host in the place of this machine, with a simulated kernel')
    .option('-p, --project-name <name>', "the project's name")
    .option(
      '--project-directory <directory>',
      'where the search for the manifest starts, and what the project is named after',
    )
    .addOption(
      new Option('--env-file <file>', 'NAME=value lines for ${NAME}; again for more files')
        .argParser(collect)
        .default([] as string[], 'none'),
    )
    .option('--state-dir <directory>', 'where running projects are recorded')
    .addOption(new Option('--ansi <when>', 'colours').choices(['never', 'auto', 'always']).default('auto'))
    .option('-q, --quiet', 'no progress, only results and errors')
    .option('-v, --verbose', 'say more');
}

/** Options of {@link addGlobalOptions} that take a value: needed to find the verb among the arguments. */
export const VALUE_OPTIONS: ReadonlySet<string> = new Set([
  '-f',
  '--file',
  '--host',
  '-p',
  '--project-name',
  '--project-directory',
  '--env-file',
  '--state-dir',
  '--ansi',
]);

/** The parsed options, with the environment where an option was not given: a flag beats its variable. */
export function globalOptions(
  parsed: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): GlobalOptions {
  const text = (key: string, variable?: string): string | undefined => {
    const given = parsed[key];
    if (typeof given === 'string') return given;
    return variable === undefined ? undefined : env[variable] || undefined;
  };
  const list = (key: string): string[] => (Array.isArray(parsed[key]) ? (parsed[key] as string[]) : []);
  const host = text('host', 'VFIO_COMPOSE_HOST');
  const projectName = text('projectName');
  const projectDirectory = text('projectDirectory');
  const stateDir = text('stateDir', 'VFIO_COMPOSE_STATE_DIR');
  return {
    file: list('file'),
    envFile: list('envFile'),
    quiet: parsed['quiet'] === true,
    verbose: parsed['verbose'] === true,
    ...(host === undefined ? {} : { host }),
    ...(projectName === undefined ? {} : { projectName }),
    ...(projectDirectory === undefined ? {} : { projectDirectory }),
    ...(stateDir === undefined ? {} : { stateDir }),
  };
}

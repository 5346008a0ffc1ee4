import { type Command, Option } from 'commander';
import { isProjectName } from '../compiler/manifest/project-name.ts';
import { type GlobalOptions, UsageError } from './verb.ts';

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
    .option('--dtb <file>', 'a device-tree blob in the place of any machine: what a kernel would make of it')
    .addOption(
      new Option('--dtbo <file>', 'an overlay applied to --dtb; again for more, in order')
        .argParser(collect)
        .default([] as string[], 'none'),
    )
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
  '--dtb',
  '--dtbo',
  '-p',
  '--project-name',
  '--project-directory',
  '--env-file',
  '--state-dir',
  '--ansi',
]);

/**
 * The parsed options, with the environment where an option was not given: a flag beats its variable. Throws
 * {@link UsageError} where two options exclude each other, or a name leads out of the state directory.
 */
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
  const tree = treeOption(parsed, list('dtbo'));
  // A blob beats the variable too: it says which machine is meant.
  const host = text('host', tree === undefined ? 'VFIO_COMPOSE_HOST' : undefined);
  const projectName = text('projectName');
  if (projectName !== undefined && !isProjectName(projectName)) {
    throw new UsageError(
      `-p ${JSON.stringify(projectName)} is not the name of a project: up to 63 small letters, digits, "-" and "_", the first a letter or digit`,
    );
  }
  const projectDirectory = text('projectDirectory');
  const stateDir = text('stateDir', 'VFIO_COMPOSE_STATE_DIR');
  return {
    file: list('file'),
    envFile: list('envFile'),
    quiet: parsed['quiet'] === true,
    verbose: parsed['verbose'] === true,
    ...(host === undefined ? {} : { host }),
    ...(tree === undefined ? {} : { tree }),
    ...(projectName === undefined ? {} : { projectName }),
    ...(projectDirectory === undefined ? {} : { projectDirectory }),
    ...(stateDir === undefined ? {} : { stateDir }),
  };
}

/** `--dtb` with its overlays. */
function treeOption(parsed: Readonly<Record<string, unknown>>, dtbo: string[]): GlobalOptions['tree'] {
  const dtb = parsed['dtb'];
  if (typeof dtb !== 'string') {
    if (dtbo.length > 0) throw new UsageError('--dtbo is applied to a device tree; name that with --dtb');
    return undefined;
  }
  if (parsed['host'] !== undefined) {
    throw new UsageError(
      '--dtb and --host are two machines; "vfio-compose capture --dtb FILE" makes a snapshot of a blob',
    );
  }
  return { dtb, dtbo };
}

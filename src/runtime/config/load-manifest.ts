import { basename, dirname, relative, resolve } from 'node:path';
import type { Diagnostic, Manifest, Result } from '../../model/index.ts';
import { assembleManifest, fileNotReadable, manifestNotFound, type Variables } from '../../compiler/manifest/index.ts';
import { Collector } from './collect.ts';
import { parseEnvFile } from './env-file.ts';
import { readStdinText, readText, type ReadText } from './read-text.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line and the process say about a manifest. */
export interface ManifestRequest {
  /** Later ones override earlier ones; `-` is stdin. Without any, `VFIO_COMPOSE_FILE`, else the search upwards. */
  readonly file: readonly string[];
  /** Later ones override earlier ones, the environment all of them. Without any, `VFIO_COMPOSE_ENV_FILES`. */
  readonly envFile: readonly string[];
  readonly projectName?: string | undefined;
  /** Gives the project its name, stdin's includes their place, and the search its start. Else the first file's. */
  readonly projectDirectory?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** What stdin has; where that is more than `limit` bytes, at least one byte more. */
  readStdin(limit: number): Promise<Buffer>;
}

export interface LoadedManifest extends Result<Manifest> {
  /** Every text that was read, by the name that positions have: for the snippets of diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
  /** The absolute path of each file of the manifest, by the name that positions have: what relative names in it count from. */
  readonly paths: ReadonlyMap<string, string>;
}

/** The name of stdin in positions. */
const STDIN = '<stdin>';

/**
 * Reads the manifest that a command line means, with everything that it includes and the variables for it. What cannot
 * be read is a diagnostic, like every mistake in what is read.
 */
export async function loadManifest(request: ManifestRequest): Promise<LoadedManifest> {
  const { cwd, projectDirectory } = request;
  const directory = projectDirectory === undefined ? undefined : resolve(cwd, projectDirectory);
  const envFiles = readEnvFiles(request);
  const files = await manifestFiles(request, directory ?? cwd);
  const [first] = files;
  if (first === undefined) {
    const detail = `There is no vfio-compose.yaml or vfio-compose.yml in ${directory ?? cwd} or above it. Name the manifest as the argument or with -f.`;
    return {
      diagnostics: [...envFiles.diagnostics, manifestNotFound({ detail })],
      sources: envFiles.sources,
      paths: new Map(),
    };
  }
  const projectPath = directory ?? (first === '-' ? cwd : dirname(resolve(cwd, first)));
  const collector = new Collector({ ...envFiles.variables, ...setVariables(request.env) });
  const unread = await addFiles(collector, files, request, projectPath);
  const found = [...envFiles.diagnostics, ...unread, ...collector.diagnostics];
  const sources = new Map([...envFiles.sources, ...collector.sources]);
  const { paths } = collector;
  const { projectName = request.env['VFIO_COMPOSE_PROJECT_NAME'] || undefined } = request;
  if (found.length > 0) {
    // A manifest of which a file is missing is another one: its mistakes would not be those of the author.
    return { diagnostics: [...found, ...collector.layers.flatMap(({ diagnostics }) => diagnostics)], sources, paths };
  }
  const naming = { projectName, directoryName: basename(projectPath) };
  return { ...assembleManifest(collector.layers, naming), sources, paths };
}

async function manifestFiles({ file, env, cwd }: ManifestRequest, start: string): Promise<readonly string[]> {
  if (file.length > 0) return file;
  const named = (env['VFIO_COMPOSE_FILE'] ?? '').split(':').filter(Boolean);
  if (named.length > 0) return named;
  const { findManifest } = await import('./find-manifest.ts');
  const found = await findManifest(start);
  return found === undefined ? [] : [relative(cwd, found)];
}

async function addFiles(
  collector: Collector,
  files: readonly string[],
  { cwd, readStdin }: ManifestRequest,
  projectPath: string,
): Promise<Diagnostic[]> {
  const unread: Diagnostic[] = [];
  let stdin: ReadText | undefined;
  for (const name of files) {
    if (name === '-') {
      stdin ??= await readStdinText(readStdin);
      if ('problem' in stdin) unread.push(fileNotReadable({ detail: `stdin ${stdin.problem}.` }));
      else collector.add({ name: STDIN, path: resolve(projectPath, STDIN), text: stdin.text });
      continue;
    }
    const path = resolve(cwd, name);
    const read = readText(path);
    if ('problem' in read) unread.push(fileNotReadable({ detail: `${name} ${read.problem}.` }));
    else collector.add({ name, path, text: read.text });
  }
  return unread;
}

function readEnvFiles({ envFile, env, cwd }: ManifestRequest): {
  readonly variables: Variables;
  readonly diagnostics: Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
} {
  const named = (env['VFIO_COMPOSE_ENV_FILES'] ?? '').split(',').filter(Boolean);
  const variables: Record<string, string> = {};
  const diagnostics: Diagnostic[] = [];
  const sources = new Map<string, string>();
  for (const name of envFile.length > 0 ? envFile : named) {
    const read = readText(resolve(cwd, name));
    if ('problem' in read) {
      diagnostics.push(fileNotReadable({ detail: `${name} ${read.problem}.` }));
      continue;
    }
    const parsed = parseEnvFile({ file: name, text: read.text });
    sources.set(name, read.text);
    Object.assign(variables, parsed.variables);
    diagnostics.push(...parsed.diagnostics);
  }
  return { variables, diagnostics, sources };
}

const setVariables = (env: Environment): Variables =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));

import { compile } from '../compiler/compile.ts';
import type { Diagnostic, Manifest, Plan, ResolvedManifest, Result } from '../model/index.ts';
import { type LoadedManifest, loadManifest } from '../runtime/config/index.ts';
import { givesOptions, type LoadedPlugins, loadPlugins, namedPlugins } from '../runtime/plugins/index.ts';
import type { Machine } from '../runtime/project/machine.ts';
import { openMachine } from '../runtime/project/open-machine.ts';
import { runningProjects } from '../runtime/project/running.ts';
import type { StateDirectory } from '../runtime/project/state-directory.ts';
import { VERSION } from '../version.ts';
import { stateDirectoryOf } from './state-of.ts';
import { type Invocation, UsageError } from './verb.ts';

/** What comes of compiling what a command line names. */
export interface CompiledInvocation {
  readonly diagnostics: readonly Diagnostic[];
  readonly plan?: Plan;
  readonly resolved?: ResolvedManifest;
  readonly machine?: Machine;
  /** Fingerprint of the manifest or of the plan file. */
  readonly source?: string;
  /** An exit status: something else had to stop the run, and has said why. */
  readonly stopped?: number;
  /** The texts of the manifest by the names that positions have. Absent where no manifest was read. */
  readonly sources?: ReadonlyMap<string, string>;
  /** Prints the diagnostics on stderr. */
  report(): Promise<void>;
}

export interface CompileOptions {
  readonly state?: StateDirectory;
  /** The manifest, where it is not the one that the command line names. */
  readonly manifest?: LoadedManifest;
  /** Runs once the project's name is known and before the host is read; a status stops everything. */
  beforeHost?(name: string, source: string): Promise<number | undefined>;
}

/** Makes what prints findings. The renderer is loaded only where there are some. */
export const reporter =
  ({ terminal, global }: Invocation, diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>) =>
  async (): Promise<void> => {
    const shown = global.quiet ? diagnostics.filter((diagnostic) => diagnostic.severity === 'error') : diagnostics;
    if (shown.length === 0) return;
    const { renderDiagnostics } = await import('../render/diagnostics.ts');
    terminal.err(renderDiagnostics(shown, sources, { colour: terminal.colour('err') }));
  };

/** Reads the manifest and the host that a command line names and compiles them. Changes nothing. */
export async function compileInvocation(
  invocation: Invocation,
  options: CompileOptions = {},
): Promise<CompiledInvocation> {
  const { terminal, global } = invocation;
  const loaded = options.manifest ?? (await loadManifest(manifestRequest(invocation)));
  const { sources, value: manifest } = loaded;
  const report = (diagnostics: readonly Diagnostic[]) => reporter(invocation, diagnostics, sources);
  if (!manifest) return { diagnostics: loaded.diagnostics, sources, report: report(loaded.diagnostics) };

  const source = options.beforeHost ? await fingerprint(JSON.stringify(manifest.document)) : '';
  const stopped = await options.beforeHost?.(manifest.name, source);
  if (stopped !== undefined) return { diagnostics: loaded.diagnostics, stopped, report: report(loaded.diagnostics) };

  const found = await pluginsOf(manifest, loaded.paths);
  const soFar = [...loaded.diagnostics, ...found.diagnostics];
  const { value: plugins } = found;
  if (!plugins) return { diagnostics: soFar, sources, report: report(soFar) };

  const state = options.state ?? stateDirectoryOf(invocation);
  const opened = await openMachine(global.host, terminal.cwd, state, {
    identifiers: usesSerials(manifest),
    tree: global.tree,
    plugins: namedPlugins(manifest, loaded.paths),
  });
  soFar.push(...opened.diagnostics);
  const { value: machine } = opened;
  if (!machine) return { diagnostics: soFar, sources, report: report(soFar) };

  const running = runningProjects(state, machine.hostFile);
  const { inventory, digest, names } = machine;
  const output = plugins.watch(() =>
    compile({ manifest, inventory, digest, plugins, names, running, toolVersion: VERSION }),
  );
  const diagnostics = [...soFar, ...output.diagnostics];
  return {
    diagnostics,
    sources,
    machine,
    source,
    ...(output.plan ? { plan: output.plan } : {}),
    ...(output.resolved ? { resolved: output.resolved } : {}),
    report: report(diagnostics),
  };
}

/** Loads the plugins that a manifest may use; `paths` has the absolute path of each of its files. */
export const pluginsOf = (manifest: Manifest, paths: ReadonlyMap<string, string>): Promise<Result<LoadedPlugins>> =>
  loadPlugins({ named: namedPlugins(manifest, paths), options: givesOptions(manifest) });

/** Serial numbers are read only where they are asked for: it takes root and wakes every device. */
const usesSerials = ({ document }: Manifest): boolean =>
  Object.values(document.vms ?? {}).some((vm) =>
    Object.values(vm.devices).some(
      (device) => typeof device === 'object' && (device.serial ?? device.expect?.serial) !== undefined,
    ),
  );

/** Fingerprint of a text, to tell whether two runs mean the same. */
export async function fingerprint(text: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(text).digest('hex');
}

/** What the command line says about the manifest: the argument and -f are two ways of naming it. */
export function manifestRequest({ args, global, terminal }: Invocation): Parameters<typeof loadManifest>[0] {
  if (args.length > 0 && global.file.length > 0) {
    throw new UsageError('name the manifest as the argument or with -f, not both');
  }
  return {
    ...global,
    file: args.length > 0 ? [...args] : global.file,
    env: terminal.env,
    cwd: terminal.cwd,
    readStdin: (limit) => terminal.readStdin(limit),
  };
}

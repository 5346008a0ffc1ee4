import {
  type Diagnostic,
  hasErrors,
  type HostInventory,
  indexHost,
  invariant,
  type Manifest,
  type NameService,
  type Plan,
  type PluginSet,
  type ResolvedManifest,
  type RunningProject,
} from '../model/index.ts';
import { lower } from './lower/lower.ts';
import { askPlugins } from './plugins/ask.ts';
import { pluginNonsense } from './plugins/diagnostics.ts';
import { checkPluginLaws } from './plugins/laws.ts';
import { resolveManifest } from './resolve/resolve.ts';
import { checkRules } from './rules/index.ts';
import { verifyPlan } from './verify/verify.ts';

export interface CompilerInput {
  readonly manifest: Manifest;
  readonly inventory: HostInventory;
  /** Digest of the inventory, `sha256:…`. */
  readonly digest: string;
  /** The plugins that may be used. */
  readonly plugins: PluginSet;
  readonly names: NameService;
  readonly running: readonly RunningProject[];
  readonly toolVersion: string;
}

export interface CompilerOutput {
  /** Everything that was found, in no particular order. */
  readonly diagnostics: readonly Diagnostic[];
  readonly resolved?: ResolvedManifest;
  /** Absent where an error was found. */
  readonly plan?: Plan;
}

/** What breaks a law in a step that a plugin asked for is that plugin's mistake. */
function faultsOfPlugins(plan: Plan, broken: readonly Diagnostic[]): Diagnostic[] {
  const plugins = new Map<string, string>();
  for (const step of [...plan.up, ...plan.down, ...(plan.recover ?? [])]) {
    if ('plugin' in step) plugins.set(step.id, step.plugin);
  }
  return broken.flatMap(({ detail }) => {
    const plugin = plugins.get(detail.slice(0, detail.indexOf(' ')));
    return plugin === undefined ? [] : [pluginNonsense({ detail: `plugin ${plugin}: ${detail}` })];
  });
}

/**
 * The compiler after the manifest has been read: resolve, check the laws, ask the plugins, lower, verify. Pure: the same input gives the
 * same plan, to the byte.
 */
export function compile(input: CompilerInput): CompilerOutput {
  const host = indexHost(input.inventory);
  const resolved = resolveManifest(input.manifest, host, input.plugins);
  const diagnostics = [...resolved.diagnostics];
  if (!resolved.value) return { diagnostics };

  diagnostics.push(...checkRules({ manifest: resolved.value, host, running: input.running }));
  diagnostics.push(...checkPluginLaws(resolved.value, host, input.plugins));
  if (hasErrors(diagnostics)) return { diagnostics, resolved: resolved.value };

  const asked = askPlugins(resolved.value, host, input.plugins);
  diagnostics.push(...asked.diagnostics);
  if (!asked.value) return { diagnostics, resolved: resolved.value };

  const lowered = lower({ ...input, manifest: resolved.value, host, asked: asked.value });
  diagnostics.push(...lowered.diagnostics);
  if (!lowered.value) return { diagnostics, resolved: resolved.value };

  const broken = verifyPlan(lowered.value);
  const faults = faultsOfPlugins(lowered.value, broken);
  invariant(broken.length === faults.length, `the compiler made a plan that breaks a law: ${broken[0]?.detail}`);
  diagnostics.push(...faults);
  if (faults.length > 0) return { diagnostics, resolved: resolved.value };
  return { diagnostics, resolved: resolved.value, plan: lowered.value };
}

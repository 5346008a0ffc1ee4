import { resolveManifest } from '../compiler/resolve/resolve.ts';
import type { Rule } from '../compiler/rules/rule.ts';
import { indexHost } from '../model/index.ts';
import type { Diagnostic, ManifestDocument, RunningProject, VmManifest } from '../model/index.ts';
import type { HostBuilder } from './host.ts';
import { manifestFrom } from './manifest.ts';
import { testPlugins } from './plugins.ts';

/** VMs by name; what a test leaves out has its default. */
export type Vms = Readonly<Record<string, VmManifest>>;

/** Runs one rule over resolved VMs on a host. */
export const check = (rule: Rule, vms: Vms, on: HostBuilder, running: readonly RunningProject[] = []): Diagnostic[] =>
  checkDocument(rule, { vms: { ...vms } }, on, running);

/** The same over all of a manifest. */
export function checkDocument(
  rule: Rule,
  document: Omit<ManifestDocument, 'version' | 'name'>,
  on: HostBuilder,
  running: readonly RunningProject[] = [],
): Diagnostic[] {
  const host = indexHost(on.build());
  const manifest = manifestFrom({ version: 1, name: 'tested', ...document });
  const { value, diagnostics } = resolveManifest(manifest, host, testPlugins);
  if (!value) throw new Error(`the manifest of the test does not resolve: ${diagnostics[0]?.detail}`);
  return rule.check({ manifest: value, host, running });
}

/** The same, reduced to what tests assert: severity, code and place, `error device-in-use at vms/a/devices/nic`. */
export const report = (...args: Parameters<typeof check>): string[] => check(...args).map(lineOf);

/** A finding as tests assert it. */
export const lineOf = ({ severity, code, at }: Diagnostic): string => `${severity} ${code} at ${at?.file ?? 'nowhere'}`;

/** Everything that a finding says, for tests that look for an address or a number in it. */
export const textOf = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics.flatMap(({ detail, related }) => [detail, ...related.map(({ message }) => message)]).join('\n');

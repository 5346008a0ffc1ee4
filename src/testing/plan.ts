import { lower } from '../compiler/lower/lower.ts';
import { resolveManifest } from '../compiler/resolve/resolve.ts';
import {
  type HostIndex,
  type HostInventory,
  indexHost,
  type ManifestDocument,
  type NameService,
  type Plan,
  type PluginSet,
  type ResolvedManifest,
  type Result,
} from '../model/index.ts';
import { testPlugins } from './plugins.ts';
import { askPlugins } from '../compiler/plugins/ask.ts';
import { manifestFrom } from './manifest.ts';
import type { Vms } from './rule.ts';

/** Accounts of a test host. */
export const testNames: NameService = {
  user: (name) => ({ packets: 4711 })[name],
  group: (name) => ({ wires: 4712 })[name],
  primaryGroup: (uid) => (uid === 4711 ? 4710 : undefined),
};

/** Asks the plugins of a resolved manifest, and lowers it, without the laws. */
export function lowerFor(
  manifest: ResolvedManifest,
  host: HostIndex,
  digest = `sha256:${'0'.repeat(64)}`,
  plugins: PluginSet = testPlugins,
): Result<Plan> {
  const { value: asked, diagnostics } = askPlugins(manifest, host, plugins);
  return asked
    ? lower({ manifest, host, asked, names: testNames, running: [], toolVersion: '0.0.1', digest })
    : { diagnostics };
}

/** The plan for resolved VMs on a host, lowered without the laws: for tests of what comes after them. */
export const planFor = (vms: Vms, inventory: HostInventory, name = 'tested'): Plan =>
  planOf({ name, vms: { ...vms } }, inventory);

/** The plan for all of a manifest, in the same way. */
export function planOf(document: Omit<ManifestDocument, 'version'>, inventory: HostInventory): Plan {
  const host = indexHost(inventory);
  const resolved = resolveManifest(manifestFrom({ version: 1, ...document }), host, testPlugins);
  if (!resolved.value) throw new Error(`the manifest of the test does not resolve: ${resolved.diagnostics[0]?.detail}`);
  const digest = `sha256:${'0'.repeat(64)}`;
  const { value, diagnostics } = lowerFor(resolved.value, host, digest);
  if (!value) throw new Error(`the manifest of the test cannot be lowered: ${diagnostics[0]?.detail}`);
  return value;
}

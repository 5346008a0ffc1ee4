import { lower } from '../compiler/lower/lower.ts';
import { resolveManifest } from '../compiler/resolve/resolve.ts';
import { indexHost, type HostInventory, type NameService, type Plan } from '../model/index.ts';
import { manifestFrom } from './manifest.ts';
import type { Vms } from './rule.ts';

/** Accounts of a test host. */
export const testNames: NameService = {
  user: (name) => ({ packets: 4711 })[name],
  group: (name) => ({ wires: 4712 })[name],
};

/** The plan for resolved VMs on a host, lowered without the laws: for tests of what comes after them. */
export function planFor(vms: Vms, inventory: HostInventory, name = 'tested'): Plan {
  const host = indexHost(inventory);
  const resolved = resolveManifest(manifestFrom({ version: 1, name, vms: { ...vms } }), host);
  if (!resolved.value) throw new Error(`the manifest of the test does not resolve: ${resolved.diagnostics[0]?.detail}`);
  const digest = `sha256:${'0'.repeat(64)}`;
  const { value, diagnostics } = lower({
    manifest: resolved.value,
    host,
    names: testNames,
    toolVersion: '0.0.1',
    digest,
  });
  if (!value) throw new Error(`the manifest of the test cannot be lowered: ${diagnostics[0]?.detail}`);
  return value;
}

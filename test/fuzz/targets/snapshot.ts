import { decodePlan } from '../../../src/compiler/plan-file/decode.ts';
import { encodePlan } from '../../../src/compiler/plan-file/encode.ts';
import { indexHost, treeOf } from '../../../src/model/index.ts';
import { renderDevices, renderGroups, renderHost } from '../../../src/render/inventory.ts';
import { platformReport } from '../../../src/render/platform/report.ts';
import { digestOf } from '../../../src/runtime/inventory/index.ts';
import { parseSnapshot } from '../../../src/runtime/inventory/snapshot.ts';
import { snapshotText } from '../../../src/runtime/inventory/snapshot-text.ts';
import type { HostInventory } from '../../../src/model/index.ts';
import { fuzzWorld, planOf } from '../examples.ts';
import { checkFindings, checkPlaces, checkWords } from '../findings.ts';
import { asText, type FuzzTarget, holds, utf8 } from '../target.ts';
import { watchedRun } from '../watched-run.ts';

/**
 * A snapshot from another machine. It ends with a finding that has a place, or with a host that can be written, shown, planned
 * for, and run as a simulated one.
 */
export const snapshotTarget: FuzzTarget = {
  name: 'snapshot',
  seeds: async () => (await fuzzWorld()).examples.map(({ hostText }) => utf8(hostText)),
  run: async (data) => {
    const text = asText(data);
    const { value, diagnostics } = await parseSnapshot('host.json', text);
    checkFindings(diagnostics);
    checkPlaces(diagnostics, []);
    checkWords(diagnostics, text);
    holds((value === undefined) === diagnostics.length > 0, () => 'there is a host with findings, or neither');
    if (value) await useHost(value);
  },
};

/** Everything that is done with a host that was read. */
export async function useHost(inventory: HostInventory): Promise<void> {
  const written = snapshotText(inventory, { identifiers: true });
  const { value: again, diagnostics } = await parseSnapshot('again.json', written);
  holds(again !== undefined, () => `what was read cannot be read again: ${diagnostics[0]?.detail}`);
  holds(digestOf(again) === digestOf(inventory), () => 'what is read again has another digest');
  const host = indexHost(inventory);
  renderGroups(host);
  renderDevices(host);
  renderHost(inventory);
  for (const device of inventory.devices) if (device.bus !== 'pci') platformReport(host, device);
  for (const node of host.tree?.nodes.slice(0, 50) ?? []) platformReport(host, node);
  if (inventory.deviceTree) treeOf(host.tree?.nodes ?? []);
  const { plugins, examples } = await fuzzWorld();
  for (const { manifest } of examples) {
    const { plan } = planOf(manifest, inventory, plugins);
    if (!plan) continue;
    holds(
      decodePlan(encodePlan(plan), 'plan.json').value !== undefined,
      () => 'a plan for the host cannot be read again',
    );
    await watchedRun(plan, inventory);
  }
}

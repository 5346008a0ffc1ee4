import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import type { HostInventory } from '../../src/model/index.ts';
import { canonicalInventory } from '../../src/runtime/inventory/canonical.ts';
import { inventoryFromTree } from '../../src/runtime/inventory/from-tree.ts';
import { GUEST_TREE, inventoryOf, TREE_SOURCE } from '../example.ts';
import { ROOT } from '../sources.ts';
import type { Tally } from './tally.ts';
import { ask, told } from './tools.ts';

/** The snapshot of an example that has a device tree is what `dtc` and we make of that tree. */
export async function checkExampleTrees(tally: Tally): Promise<void> {
  const folder = join(ROOT, 'examples');
  for (const name of readdirSync(folder).sort()) {
    const source = join(folder, name, TREE_SOURCE);
    if (existsSync(source)) tally.add(`examples/${name}`, await differencesOf(join(folder, name), source));
    const guest = join(folder, name, GUEST_TREE);
    if (existsSync(guest)) tally.add(`examples/${name}/${GUEST_TREE}`, saidOfGuest(guest));
  }
}

async function differencesOf(folder: string, source: string): Promise<string[]> {
  const read = readFdt(told('dtc', ['-q', '-I', 'dts', '-O', 'dtb', source]));
  if ('problem' in read) return [read.problem.what];
  const [made, kept] = [inventoryFromTree(read.tree), await inventoryOf(folder)].map(withoutDrivers);
  return made === kept ? [] : [`host.json is not what capture --dtb makes of ${TREE_SOURCE}, drivers left aside`];
}

/** `dtc` takes the tree of a guest without a word. */
function saidOfGuest(file: string): string[] {
  const { status, stderr } = ask('dtc', ['-@', '-I', 'dts', '-O', 'dtb', '-o', '/dev/null', file]);
  return status === 0 && stderr === '' ? [] : [`status ${status}`, ...stderr.split('\n')];
}

/** What a blob cannot say is filled in by hand: which driver a device has, the kernel, what it has loaded and reserved. */
function withoutDrivers(inventory: HostInventory): string {
  const devices = inventory.devices.map((device) => ({ ...device, driver: null }));
  const options = { identifiers: false, volatile: true };
  const { backends: _, ...vfio } = inventory.vfio;
  const kernel = { ...inventory.kernel, release: '' };
  const rest = { devices, kernel, vfio, modules: {}, hugePages: [] };
  return JSON.stringify(canonicalInventory({ ...inventory, ...rest }, options));
}

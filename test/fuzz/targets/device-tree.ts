import { applyOverlay } from '../../../src/devicetree/fdt/overlay.ts';
import { readFdt } from '../../../src/devicetree/fdt/read-fdt.ts';
import { writeFdt } from '../../../src/devicetree/fdt/write-fdt.ts';
import { writeDts } from '../../../src/devicetree/fdt/write-dts.ts';
import { type DeviceTree, treeIn } from '../../../src/model/index.ts';
import { inventoryFromTree } from '../../../src/runtime/inventory/from-tree.ts';
import { fuzzWorld } from '../examples.ts';
import { type FuzzTarget, holds } from '../target.ts';
import { useHost } from './snapshot.ts';

/**
 * A device-tree blob, as a tree of its own and as an overlay of one. It is refused at a byte inside of it, or it is a tree that
 * can be written, shown and planned for.
 */
export const deviceTreeTarget: FuzzTarget = {
  name: 'device-tree',
  seeds: async () => (await trees()).map((tree) => writeFdt(tree)),
  run: async (data) => {
    const reading = readFdt(data);
    if ('problem' in reading) {
      const { offset, what } = reading.problem;
      holds(offset >= 0 && offset <= data.length && what !== '', () => `the problem "${what}" is at ${offset}`);
      return;
    }
    const { tree } = reading;
    writeDts(tree.root);
    holds('tree' in readFdt(writeFdt(tree)), () => 'what was read cannot be written and read');
    await useHost(inventoryFromTree(tree));
    for (const base of await trees()) {
      const applied = applyOverlay(base, tree);
      if ('tree' in applied) inventoryFromTree(applied.tree);
    }
  },
};

let read: Promise<readonly DeviceTree[]> | undefined;

const trees = (): Promise<readonly DeviceTree[]> =>
  (read ??= fuzzWorld().then(({ examples }) =>
    examples.flatMap(({ inventory }) => (inventory.deviceTree ? [treeIn(inventory.deviceTree)] : [])),
  ));

import { compatibleOf } from './compatible.ts';
import { EARLY_CLOCKS } from './early-clocks.ts';
import { EARLY_INTERRUPTS } from './early-interrupts.ts';
import { interruptParent } from './interrupts.ts';
import { architectureOf } from './machine.ts';
import { referencesOf } from './phandles.ts';
import { isAvailable } from './status.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/**
 * The nodes that Linux takes into use before it makes devices, so that it makes none for them: root interrupt
 * controllers and clocks of the tables beside this file.
 */
export function earlyNodes(tree: DeviceTree): ReadonlySet<DeviceTreeNode> {
  const clocks = spelledOut(EARLY_CLOCKS);
  const early = new Set<DeviceTreeNode>();
  for (const node of tree.nodes) {
    if (node.properties.has('compatible') && isAvailable(node) && names(node, clocks)) early.add(node);
  }
  // PowerPC sets its interrupt controllers up by board, and does not mark them.
  if (architectureOf(tree) !== 'powerpc') for (const node of earlyControllers(tree)) early.add(node);
  return early;
}

/**
 * of_irq_init in drivers/of/irq.c: the controllers without an interrupt parent first, then those behind them. One behind
 * a controller that is not in the table waits for a driver, and becomes a device.
 */
function earlyControllers(tree: DeviceTree): DeviceTreeNode[] {
  const wanted = spelledOut(EARLY_INTERRUPTS);
  const waiting = new Map<DeviceTreeNode | null, DeviceTreeNode[]>();
  for (const node of tree.nodes) {
    if (!node.properties.has('interrupt-controller') || !isAvailable(node) || !names(node, wanted)) continue;
    const [named] = referencesOf(tree, node, 'interrupts-extended', { property: '#interrupt-cells' });
    const parent = named?.kind === 'to' ? named.provider : interruptParent(tree, node);
    const key = parent === node ? null : parent;
    const behind = waiting.get(key);
    if (behind) behind.push(node);
    else waiting.set(key, [node]);
  }
  const done = [...(waiting.get(null) ?? [])];
  for (const node of done) done.push(...(waiting.get(node) ?? []));
  return done;
}

function spelledOut(table: Readonly<Record<string, string>>): ReadonlySet<string> {
  const all = Object.entries(table).flatMap(([vendor, names]) =>
    names.split(' ').map((name) => (vendor === '' ? name : `${vendor},${name}`)),
  );
  return new Set(all);
}

const names = (node: DeviceTreeNode, wanted: ReadonlySet<string>): boolean =>
  compatibleOf(node).some((entry) => wanted.has(entry));

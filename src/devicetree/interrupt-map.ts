import { MAX_SPECIFIER_CELLS, propertyCells, u32Of } from './cells.ts';
import { isCompatible } from './compatible.ts';
import { isAvailable } from './status.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** One entry of an `interrupt-map`, as written. */
export interface MapEntry {
  /** Position in the property. */
  readonly dtIndex: number;
  /** What it matches: the child's unit address, and its interrupt specifier. */
  readonly childAddress: readonly number[];
  readonly childSpecifier: readonly number[];
  readonly parent: DeviceTreeNode;
  readonly parentAddress: readonly number[];
  readonly parentSpecifier: readonly number[];
}

/** An `interrupt-map` as far as it can be read. */
export interface InterruptMap {
  readonly nexus: DeviceTreeNode;
  readonly entries: readonly MapEntry[];
  /** `interrupt-map-mask` over the child's address and specifier; all ones without the property. */
  readonly mask: readonly number[];
  /** Why the entries end before the property does; null where they do not. */
  readonly broken: string | null;
}

/** Controllers that use the property for something else (of_irq_imap_abusers in drivers/of/irq.c). */
const ABUSERS: ReadonlySet<string> = new Set([
  'cbea,platform-spider-pic',
  'sti,platform-spider-pic',
  'realtek,rtl-intc',
  'fsl,ls1021a-extirq',
  'fsl,ls1043a-extirq',
  'fsl,ls1088a-extirq',
  'renesas,rza1-irqc',
  'pasemi,rootbus',
]);

/** Whether interrupts end here: a controller, unless it also maps them on (of_irq_parse_raw in drivers/of/irq.c). */
export function isController(node: DeviceTreeNode): boolean {
  const controls = node.properties.has('interrupt-controller');
  return controls && (!node.properties.has('interrupt-map') || isCompatible(node, ABUSERS));
}

/**
 * Cells of a child's address in the map of a nexus: its own `#address-cells` or the nearest above, 2 without any
 * (of_irq_parse_raw: "the old linux trick of looking for the parent").
 */
export function nexusAddressCells(nexus: DeviceTreeNode): number {
  for (let node: DeviceTreeNode | null = nexus; node; node = node.parent) {
    const cells = u32Of(node, '#address-cells');
    if (cells !== null) return cells;
  }
  return 2;
}

/** Reads the map of a nexus whose entries begin with that many cells (of_irq_parse_imap_parent in drivers/of/irq.c). */
export function readInterruptMap(
  tree: DeviceTree,
  nexus: DeviceTreeNode,
  addressCells: number,
  interruptCells: number,
): InterruptMap {
  const cells = propertyCells(nexus, 'interrupt-map');
  const child = addressCells + interruptCells;
  const mask = Array.from({ length: Math.min(child, MAX_SPECIFIER_CELLS) }, () => 0xffff_ffff);
  for (const [index, cell] of propertyCells(nexus, 'interrupt-map-mask').entries()) {
    if (index < mask.length) mask[index] = cell;
  }
  const entries: MapEntry[] = [];
  const done = (broken: string | null): InterruptMap => ({ nexus, entries, mask, broken });
  if (child > MAX_SPECIFIER_CELLS) return done(`${child} cells for an address and an interrupt are too many`);
  for (let at = 0; at < cells.length;) {
    // A last entry without room for anything behind its phandle is not looked at by Linux either.
    if (cells.length - at <= child + 1) return done('its last entry is cut off');
    const phandle = cells[at + child] ?? 0;
    const parent = tree.byPhandle.get(phandle);
    if (!parent) return done(`entry ${entries.length} names phandle 0x${phandle.toString(16)}, which no node has`);
    const parentInterrupt = u32Of(parent, '#interrupt-cells');
    if (parentInterrupt === null) return done(`entry ${entries.length}: ${parent.path} has no #interrupt-cells`);
    const parentAddress = u32Of(parent, '#address-cells') ?? 0;
    const start = at + child + 1;
    const end = start + parentAddress + parentInterrupt;
    if (end > cells.length || parentAddress + parentInterrupt > MAX_SPECIFIER_CELLS) {
      return done(`entry ${entries.length} is shorter than ${parent.path} asks for`);
    }
    entries.push({
      dtIndex: entries.length,
      childAddress: cells.slice(at, at + addressCells),
      childSpecifier: cells.slice(at + addressCells, at + child),
      parent,
      parentAddress: cells.slice(start, start + parentAddress),
      parentSpecifier: cells.slice(start + parentAddress, end),
    });
    at = end;
  }
  return done(null);
}

/** The first entry that matches a child's address and specifier under the mask, and whose parent is available. */
export function matchInterrupt(map: InterruptMap, child: readonly number[]): MapEntry | null {
  return (
    map.entries.find(
      (entry) =>
        [...entry.childAddress, ...entry.childSpecifier].every(
          (cell, index) => ((cell ^ (child[index] ?? 0)) & (map.mask[index] ?? 0)) >>> 0 === 0,
        ) && isAvailable(entry.parent),
    ) ?? null
  );
}

import { propertyCells, stringsOf, u32Of } from './cells.ts';
import { isController, matchInterrupt, nexusAddressCells, readInterruptMap } from './interrupt-map.ts';
import { readSpecifier, type InterruptLine } from './interrupt-specifier.ts';
import { referencesOf } from './phandles.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** How an interrupt reaches its controller. */
export type InterruptRoute =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'interrupt-map';
      /** The first nexus on the way, and which entry of its map applies. */
      readonly nexus: DeviceTreeNode;
      readonly entry: number;
      /** All of them, in order; mostly one. */
      readonly through: readonly { readonly nexus: DeviceTreeNode; readonly entry: number }[];
    };

/** One interrupt that a node asks for. */
export type Interrupt =
  | ({
      readonly kind: 'resolved';
      readonly property: InterruptProperty;
      /** Position in that property. */
      readonly dtIndex: number;
      /** From `interrupt-names`; null without one. */
      readonly name: string | null;
      /** The controller at the end of the way, and what it is told. */
      readonly controller: DeviceTreeNode;
      readonly specifier: readonly number[];
      readonly route: InterruptRoute;
    } & InterruptLine)
  | {
      readonly kind: 'broken';
      readonly property: InterruptProperty;
      readonly dtIndex: number;
      readonly name: string | null;
      readonly reason: string;
    };

export type InterruptProperty = 'interrupts' | 'interrupts-extended';

/** One entry of a node's own `interrupt-map`, followed to its controller. */
export type MappedInterrupt = {
  readonly property: 'interrupt-map';
  readonly dtIndex: number;
  readonly childAddress: readonly number[];
  readonly childSpecifier: readonly number[];
} & (
  | ({
      readonly kind: 'resolved';
      readonly controller: DeviceTreeNode;
      readonly specifier: readonly number[];
      /** Nexuses behind this one; empty where the entry names the controller itself. */
      readonly through: readonly { readonly nexus: DeviceTreeNode; readonly entry: number }[];
    } & InterruptLine)
  | { readonly kind: 'broken'; readonly reason: string }
);

/** Longer ways than this are a circle. Linux itself would not come back from one. */
const MAX_STEPS = 64;

/**
 * The interrupts of a node, by index, each followed to its controller (of_irq_parse_one and of_irq_parse_raw in
 * drivers/of/irq.c). `interrupts-extended` wins over `interrupts`. One that cannot be followed says why; the others stay.
 */
export function interruptsOf(tree: DeviceTree, node: DeviceTreeNode): Interrupt[] {
  const extended = node.properties.has('interrupts-extended');
  return extended ? extendedInterrupts(tree, node) : plainInterrupts(tree, node);
}

/**
 * The interrupts that the Linux device has, and so those of VFIO: Linux stops counting at the first that it cannot follow
 * (platform_irq_count in drivers/base/platform.c asks of_irq_get index by index).
 */
export function linuxInterrupts(tree: DeviceTree, node: DeviceTreeNode): (Interrupt & { kind: 'resolved' })[] {
  const found: (Interrupt & { kind: 'resolved' })[] = [];
  for (const interrupt of interruptsOf(tree, node)) {
    if (interrupt.kind === 'broken') break;
    found.push(interrupt);
  }
  return found;
}

function extendedInterrupts(tree: DeviceTree, node: DeviceTreeNode): Interrupt[] {
  const names = stringsOf(node, 'interrupt-names');
  return referencesOf(tree, node, 'interrupts-extended', { property: '#interrupt-cells' }).map((reference) => {
    const { dtIndex } = reference;
    const place: Place = { property: 'interrupts-extended', dtIndex, name: names[dtIndex] ?? null };
    switch (reference.kind) {
      case 'hole':
        return { ...place, kind: 'broken', reason: 'it is left out (phandle 0)' };
      case 'broken':
        return { ...place, kind: 'broken', reason: reference.reason };
      case 'to':
        return followed(place, follow(tree, unitAddress(node), reference.provider, reference.specifier));
    }
  });
}

function plainInterrupts(tree: DeviceTree, node: DeviceTreeNode): Interrupt[] {
  if (!node.properties.has('interrupts')) return [];
  const names = stringsOf(node, 'interrupt-names');
  const cells = propertyCells(node, 'interrupts');
  const broken = (dtIndex: number, reason: string): Interrupt => ({
    kind: 'broken',
    property: 'interrupts',
    dtIndex,
    name: names[dtIndex] ?? null,
    reason,
  });
  const parent = interruptParent(tree, node);
  if (!parent) return [broken(0, 'no "interrupt-parent" leads to a node with #interrupt-cells')];
  const width = u32Of(parent, '#interrupt-cells') ?? 0;
  if (width === 0) return [broken(0, `${parent.path} has #interrupt-cells of 0`)];
  const interrupts: Interrupt[] = [];
  for (let at = 0; at < cells.length; at += width) {
    const dtIndex = interrupts.length;
    const specifier = cells.slice(at, at + width);
    const place: Place = { property: 'interrupts', dtIndex, name: names[dtIndex] ?? null };
    interrupts.push(
      specifier.length < width
        ? broken(dtIndex, `${specifier.length} of the ${width} cells that ${parent.path} asks for are there`)
        : followed(place, follow(tree, unitAddress(node), parent, specifier)),
    );
  }
  return interrupts;
}

interface Place {
  readonly property: InterruptProperty;
  readonly dtIndex: number;
  readonly name: string | null;
}

function followed(place: Place, end: End): Interrupt {
  if (end.kind === 'broken') return { ...place, kind: 'broken', reason: end.reason };
  const { controller, specifier, through } = end;
  const [first] = through;
  const route: InterruptRoute = first ? { kind: 'interrupt-map', ...first, through } : { kind: 'direct' };
  return { ...place, kind: 'resolved', controller, specifier, route, ...readSpecifier(controller, specifier) };
}

/**
 * Where a node's `interrupts` go: along `interrupt-parent` where a node has one, else up, until a node has
 * `#interrupt-cells` (of_irq_find_parent in drivers/of/irq.c).
 */
export function interruptParent(tree: DeviceTree, node: DeviceTreeNode): DeviceTreeNode | null {
  let at: DeviceTreeNode | null = node;
  for (let steps = 0; at && steps < 4 * MAX_STEPS; steps += 1) {
    const named: number | null = u32Of(at, 'interrupt-parent');
    at = named === null ? at.parent : (tree.byPhandle.get(named) ?? null);
    if (at?.properties.has('#interrupt-cells')) return at;
  }
  return null;
}

type Through = { readonly nexus: DeviceTreeNode; readonly entry: number };
type End =
  | {
      readonly kind: 'end';
      readonly controller: DeviceTreeNode;
      readonly specifier: readonly number[];
      readonly through: readonly Through[];
    }
  | { readonly kind: 'broken'; readonly reason: string };

/** The first cells of `reg`: what an `interrupt-map` matches. Linux looks at three at most. */
const unitAddress = (node: DeviceTreeNode): number[] => propertyCells(node, 'reg').slice(0, 3);

/** Follows a specifier from the node that it is addressed to (of_irq_parse_raw in drivers/of/irq.c). */
function follow(
  tree: DeviceTree,
  address: readonly number[],
  towards: DeviceTreeNode,
  specifier: readonly number[],
  addressWidth = nexusAddressCells(towards),
): End {
  const through: Through[] = [];
  let at = towards;
  let cells = specifier;
  let width = addressWidth;
  let unit = address;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    if (isController(at)) return { kind: 'end', controller: at, specifier: cells, through };
    if (!at.properties.has('interrupt-map')) {
      const next = interruptParent(tree, at);
      if (!next) return { kind: 'broken', reason: `${at.path} is no interrupt controller, and nothing leads on` };
      at = next;
      continue;
    }
    const map = readInterruptMap(tree, at, width, cells.length);
    const child = [...Array.from({ length: Math.min(width, 16) }, (_, index) => unit[index] ?? 0), ...cells];
    const entry = matchInterrupt(map, child);
    if (!entry) {
      const why = map.broken === null ? '' : ` (${map.broken})`;
      return { kind: 'broken', reason: `no entry of the interrupt-map in ${at.path} matches${why}` };
    }
    through.push({ nexus: at, entry: entry.dtIndex });
    if (entry.parent === at) return { kind: 'end', controller: at, specifier: entry.parentSpecifier, through };
    at = entry.parent;
    cells = entry.parentSpecifier;
    unit = entry.parentAddress;
    width = unit.length;
  }
  return { kind: 'broken', reason: `the way from ${towards.path} to a controller is a circle` };
}

/**
 * Every entry of a node's own `interrupt-map`, each followed to its controller: what a PCI host bridge wires its slots
 * to. The `interrupt-map-mask` is in {@link readInterruptMap}. A part that cannot be read is one broken entry at the end.
 */
export function interruptMapEntries(tree: DeviceTree, node: DeviceTreeNode): MappedInterrupt[] {
  if (!node.properties.has('interrupt-map')) return [];
  const property = 'interrupt-map';
  const width = u32Of(node, '#interrupt-cells');
  if (width === null) {
    const reason = `${node.path} has no #interrupt-cells`;
    return [{ kind: 'broken', property, dtIndex: 0, childAddress: [], childSpecifier: [], reason }];
  }
  const map = readInterruptMap(tree, node, nexusAddressCells(node), width);
  const entries = map.entries.map((entry): MappedInterrupt => {
    const { dtIndex, childAddress, childSpecifier, parent, parentAddress, parentSpecifier } = entry;
    const place = { property, dtIndex, childAddress, childSpecifier } as const;
    const end: End =
      parent === node
        ? { kind: 'end', controller: node, specifier: parentSpecifier, through: [] }
        : follow(tree, parentAddress, parent, parentSpecifier, parentAddress.length);
    if (end.kind === 'broken') return { ...place, kind: 'broken', reason: end.reason };
    const { controller, specifier, through } = end;
    return { ...place, kind: 'resolved', controller, specifier, through, ...readSpecifier(controller, specifier) };
  });
  if (map.broken !== null) {
    const dtIndex = entries.length;
    entries.push({ kind: 'broken', property, dtIndex, childAddress: [], childSpecifier: [], reason: map.broken });
  }
  return entries;
}

import { addressCells, sizeCells, stringOf, u32Of } from '../cells.ts';
import { dmaCoherence } from '../coherency.ts';
import type { DeviceTreeNode } from '../../model/index.ts';
import type { GuestContext } from './context.ts';
import { deviceInterrupts, INTERRUPT_PROPERTIES, isNexus, partInterrupts } from './interrupts.ts';
import { guestRegisters } from './registers.ts';
import { cells, empty, property, remark, type GuestLine } from './node.ts';
import { guestRanges } from './ranges.ts';
import { followReferences, hostBound } from './references.ts';

/** Said by the place of the node, or by us in another way. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'name',
  'phandle',
  'linux,phandle',
  '#address-cells',
  '#size-cells',
  'dma-coherent',
]);

/** What one property becomes; `done` collects those that stand for several. */
interface Pass {
  readonly context: GuestContext;
  readonly node: DeviceTreeNode;
  readonly isRoot: boolean;
  readonly dropped: Set<string>;
}

/** The lines of a node of the guest: its properties in the order of the host's tree, addresses and interrupts changed. */
export function guestLines(context: GuestContext, node: DeviceTreeNode): GuestLine[] {
  const { unit, devices, tree } = context;
  const isRoot = node === unit.device.node;
  const pass: Pass = { context, node, isRoot, dropped: new Set() };
  const device = devices.get(node);
  const lines = [...node.properties].flatMap(([name, value]) => propertyLines(pass, name, value));
  const interrupts = device
    ? deviceInterrupts(context, device, unit.interrupts.get(node) ?? 0)
    : partInterrupts(context, node);
  const coherent = isRoot ? dmaCoherence(tree, node).coherent : node.properties.has('dma-coherent');
  return [...lines, ...interrupts, ...(coherent ? [property('dma-coherent', empty)] : [])];
}

function propertyLines(pass: Pass, name: string, value: Uint8Array): GuestLine[] {
  const { node, isRoot, context } = pass;
  if (ELSEWHERE.has(name) || INTERRUPT_PROPERTIES.has(name)) return [];
  if (isNexus(node) && name === '#interrupt-cells') return [];
  // Without cells for a specifier nothing can be said to it, and the cells of a nexus are gone.
  if (name === 'interrupt-controller' && (isNexus(node) || !node.properties.has('#interrupt-cells'))) return [];
  if (name === 'status') {
    const status = stringOf(node, name);
    return status === 'okay' || status === 'ok' ? [] : [property(name, value)];
  }
  if (isRoot && (name === 'reg' || name === 'reg-names')) return guestRegisters(context, name);
  if (name === 'ranges' && isRoot) return rangesLines(pass);
  if (name === 'device_type' && isRoot && stringOf(node, name) === 'pci' && lostRanges(pass)) {
    return [remark('device_type: left out, without its windows it is no PCI host bridge')];
  }
  const bound = hostBound(context.tree, node, name);
  switch (bound?.kind) {
    case undefined:
      return [property(name, value)];
    case 'host-only':
      return [remark(`${name}: left out, ${bound.why}`)];
    case 'companion':
      return companionStays(pass, bound.of) ? [property(name, value)] : [];
    case 'references':
      return referenceLines(pass, name, bound);
  }
}

function referenceLines(
  { context, node }: Pass,
  name: string,
  { cells: width, stub }: { readonly cells: Parameters<typeof followReferences>[3]; readonly stub: string | null },
): GuestLine[] {
  const { tree, inside, labels, labelFor } = context;
  const followed = followReferences(tree, node, name, width, inside);
  if (followed.kind === 'outside') {
    const to =
      followed.providers.length > 0 ? ` stays with the host (${followed.providers.join(', ')})` : ' cannot be read';
    const instead = stub === null ? '' : `; the driver may need a ${stub} in its place`;
    return [remark(`${name}: left out, what it names${to}${instead}`)];
  }
  const list = followed.cells.map((cell) =>
    typeof cell === 'number' ? cell : { label: labels.give(cell, labelFor(cell)) },
  );
  return [property(name, list.length === 0 ? empty : cells(...list))];
}

/** Names stay where the property that they are for stays. */
function companionStays({ context, node }: Pass, of: RegExp): boolean {
  const { tree, inside } = context;
  return [...node.properties.keys()].some((name) => {
    if (!of.test(name)) return false;
    const bound = hostBound(tree, node, name);
    return bound?.kind === 'references' && followReferences(tree, node, name, bound.cells, inside).kind === 'inside';
  });
}

function rangesLines({ context, node }: Pass): GuestLine[] {
  const ranges = guestRanges(context.tree, node, context.unit.windows);
  if (!ranges) return [];
  const cut = ranges.cut ? [remark('ranges: cut down to what lies in regions of assigned devices')] : [];
  return ranges.cells.length === 0
    ? [remark('ranges: left out, nothing in them lies in a region of an assigned device')]
    : [property('ranges', cells(...ranges.cells)), ...cut];
}

function lostRanges({ context, node }: Pass): boolean {
  return (guestRanges(context.tree, node, context.unit.windows)?.cells.length ?? 0) === 0;
}

/**
 * The cells of addresses below a node, written out where something below it, or its own `ranges`, needs them. A controller
 * of interrupts says how many it has even without children, for those whose `interrupt-map` leads to it; the other end of
 * an SPI bus has both, although its one child has no address.
 */
export function cellCounts(node: DeviceTreeNode, lines: readonly GuestLine[], needed: boolean): GuestLine[] {
  const has = (...names: string[]) => lines.some((line) => line.kind === 'property' && names.includes(line.name));
  if (needed || has('ranges', 'spi-slave')) {
    return [property('#address-cells', cells(addressCells(node))), property('#size-cells', cells(sizeCells(node)))];
  }
  return has('#interrupt-cells') ? [property('#address-cells', cells(u32Of(node, '#address-cells') ?? 0))] : [];
}

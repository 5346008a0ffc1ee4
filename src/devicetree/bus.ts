import { addressCells, baseName, numberAt, numberIn, sizeCells, stringOf } from './cells.ts';
import type { DeviceTreeNode } from '../model/index.ts';

/** What an address means, where its bus says so in the address itself. */
export interface RegionFlags {
  readonly space: 'memory' | 'io' | 'config' | 'unknown';
  readonly prefetchable: boolean;
  /** A PCI memory address of 64 bits. */
  readonly wide: boolean;
}

/** How addresses below a node are written: one of `of_busses` in drivers/of/address.c. */
export interface Bus {
  readonly kind: 'pci' | 'isa' | 'flags' | 'plain';
  /** Leading cells of an address that are no part of the number. */
  readonly flagCells: 0 | 1;
  /** Cells of an address, and of a size, below the node. */
  readonly na: number;
  readonly ns: number;
  /** The property that lists a child's registers. */
  readonly registers: 'reg' | 'assigned-addresses';
}

const PCI_TYPES: ReadonlySet<string | null> = new Set(['pci', 'pciex', 'vci', 'ht']);

/** The bus that a node is for its children (of_match_bus in drivers/of/address.c). */
export function busOf(node: DeviceTreeNode): Bus {
  if (PCI_TYPES.has(stringOf(node, 'device_type')) || baseName(node) === 'pcie') {
    return { kind: 'pci', flagCells: 1, na: 3, ns: 2, registers: 'assigned-addresses' };
  }
  if (baseName(node) === 'isa') return { kind: 'isa', flagCells: 1, na: 2, ns: 1, registers: 'reg' };
  const na = addressCells(node);
  const ns = sizeCells(node);
  return na === 3
    ? { kind: 'flags', flagCells: 1, na, ns, registers: 'reg' }
    : { kind: 'plain', flagCells: 0, na, ns, registers: 'reg' };
}

const MEMORY: RegionFlags = { space: 'memory', prefetchable: false, wide: false };

/** What the first cell of an address says (the `get_flags` of each bus in drivers/of/address.c). */
export function flagsOf(bus: Bus, first: number): RegionFlags {
  switch (bus.kind) {
    case 'plain':
      return MEMORY;
    case 'isa':
      return { ...MEMORY, space: first & 1 ? 'io' : 'memory' };
    case 'flags':
      // The cell is taken as the bits of a Linux resource: IORESOURCE_MEM, _IO, _PREFETCH, _MEM_64 of include/linux/ioport.h.
      return {
        space: first & 0x200 ? 'memory' : first & 0x100 ? 'io' : 'unknown',
        prefetchable: (first & 0x2000) !== 0,
        wide: (first & 0x10_0000) !== 0,
      };
    case 'pci': {
      const code = (first >>> 24) & 3;
      return {
        space: code === 0 ? 'config' : code === 1 ? 'io' : 'memory',
        prefetchable: (first & 0x4000_0000) !== 0,
        wide: code === 3,
      };
    }
  }
}

/**
 * How far an address lies inside one entry of `ranges`; null where it does not (the `map` of each bus in
 * drivers/of/address.c). The entry begins at cell `start` of `ranges`: the child's address, the parent's of `pna` cells,
 * and the size.
 */
export function offsetInside(
  bus: Bus,
  address: readonly number[],
  ranges: DataView,
  start: number,
  pna: number,
): bigint | null {
  const first = address[0] ?? 0;
  const entryFirst = ranges.getUint32(start * 4);
  if (bus.kind === 'flags' && first !== entryFirst) return null;
  if (bus.kind === 'isa' && ((first ^ entryFirst) & 1) !== 0) return null;
  if (bus.kind === 'pci' && pciSpace(bus, first) !== pciSpace(bus, entryFirst)) return null;
  const count = bus.na - bus.flagCells;
  const value = numberAt(address, bus.flagCells, count) ?? 0n;
  const base = numberIn(ranges, start + bus.flagCells, count);
  if (value < base) return null;
  const size = numberIn(ranges, start + bus.na + pna, bus.ns);
  return value >= BigInt.asUintN(64, base + size) ? null : value - base;
}

const pciSpace = (bus: Bus, first: number): RegionFlags['space'] => flagsOf(bus, first).space;

import { bytes, type Bytes, type DeviceTree, type DeviceTreeNode } from '../model/index.ts';
import { busOf, flagsOf, type RegionFlags } from './bus.ts';
import { MAX_ADDRESS_CELLS, numberAt, propertyCells, stringsOf } from './cells.ts';
import { dmaParent, translateAddress, type RangesProperty, type Translation } from './translate.ts';

/** One entry of `reg` (below a PCI bus, of `assigned-addresses`). */
export interface RegRegion {
  readonly property: 'reg' | 'assigned-addresses';
  /** Position in that property. */
  readonly dtIndex: number;
  /** From `reg-names`; null without one. */
  readonly name: string | null;
  /** The address as the node's own bus writes it, without flag cells. */
  readonly address: bigint;
  /** The same as the CPU addresses it. */
  readonly cpuAddress: Translation;
  readonly size: Bytes;
  readonly flags: RegionFlags;
}

/** One entry of `ranges` or `dma-ranges`: a window of a bus. */
export interface Window {
  readonly property: RangesProperty;
  readonly dtIndex: number;
  /** Where the window begins on the bus, without flag cells. */
  readonly childAddress: bigint;
  /** Where it begins on the CPU's side. */
  readonly cpuAddress: Translation;
  readonly size: Bytes;
  readonly flags: RegionFlags;
}

/**
 * The registers of a node, one for each whole entry of its property, whether or not Linux can reach them
 * (__of_get_address in drivers/of/address.c).
 */
export function regRegions(tree: DeviceTree, node: DeviceTreeNode): RegRegion[] {
  if (!node.parent) return [];
  const bus = busOf(node.parent);
  if (bus.na < 1 || bus.na > MAX_ADDRESS_CELLS) return [];
  const cells = propertyCells(node, bus.registers);
  const names = stringsOf(node, 'reg-names');
  const length = bus.na + bus.ns;
  const regions: RegRegion[] = [];
  for (let start = 0; start + length <= cells.length; start += length) {
    const entry = cells.slice(start, start + length);
    regions.push({
      property: bus.registers,
      dtIndex: regions.length,
      name: names[regions.length] ?? null,
      address: numberAt(entry, bus.flagCells, bus.na - bus.flagCells) ?? 0n,
      cpuAddress: translateAddress(tree, node, entry),
      size: bytes(numberAt(entry, bus.na, bus.ns) ?? 0n),
      flags: flagsOf(bus, entry[0] ?? 0),
    });
  }
  return regions;
}

/**
 * The regions that become resources of the Linux device, and so regions of VFIO: Linux stops counting at the first entry
 * that it cannot translate (of_address_count and of_device_alloc, include/linux/of_address.h, drivers/of/platform.c).
 */
export function linuxRegions(tree: DeviceTree, node: DeviceTreeNode): RegRegion[] {
  const regions = regRegions(tree, node);
  const end = regions.findIndex(
    ({ cpuAddress, flags }) => cpuAddress.kind === 'none' || (flags.space !== 'memory' && flags.space !== 'io'),
  );
  return end < 0 ? regions : regions.slice(0, end);
}

/** The windows of a bus node, one for each whole entry of `ranges` (of_pci_range_parser_one in drivers/of/address.c). */
export function rangesWindows(tree: DeviceTree, node: DeviceTreeNode): Window[] {
  return windowsOf(tree, node, 'ranges');
}

function windowsOf(tree: DeviceTree, node: DeviceTreeNode, property: RangesProperty): Window[] {
  const bus = busOf(node);
  const pna = node.parent ? busOf(node.parent).na : bus.na;
  if (bus.na < 1 || bus.na > MAX_ADDRESS_CELLS || pna < 1 || pna > MAX_ADDRESS_CELLS) return [];
  const cells = propertyCells(node, property);
  const length = bus.na + pna + bus.ns;
  const windows: Window[] = [];
  for (let start = 0; start + length <= cells.length; start += length) {
    const entry = cells.slice(start, start + length);
    windows.push({
      property,
      dtIndex: windows.length,
      childAddress: numberAt(entry, bus.flagCells, bus.na - bus.flagCells) ?? 0n,
      cpuAddress: translateAddress(tree, node, entry.slice(bus.na), property),
      size: bytes(numberAt(entry, bus.na + pna, bus.ns) ?? 0n),
      flags: flagsOf(bus, entry[0] ?? 0),
    });
  }
  return windows;
}

/** What the addresses mean that a device without IOMMU puts on its bus. */
export type DmaRanges =
  /** No `dma-ranges`, or empty ones all the way: the device's addresses are the CPU's. */
  | { readonly kind: 'identity' }
  | { readonly kind: 'windows'; readonly bus: DeviceTreeNode; readonly windows: readonly Window[] }
  | { readonly kind: 'broken'; readonly at: DeviceTreeNode; readonly reason: string };

/**
 * What translates the addresses of a device's transactions: the first `dma-ranges` with entries from its parent upwards. At most the
 * parent itself may lack one on the way there (of_dma_get_range in drivers/of/address.c, called by of_dma_configure_id
 * in drivers/of/device.c, which goes on without translation where there is none).
 */
export function dmaRanges(tree: DeviceTree, node: DeviceTreeNode): DmaRanges {
  let at = dmaParent(tree, node);
  for (let levels = 0; at && levels <= 256; levels += 1) {
    const value = at.properties.get('dma-ranges');
    if (value && value.length > 0) {
      const windows = windowsOf(tree, at, 'dma-ranges');
      return windows.some(({ cpuAddress }) => cpuAddress.kind === 'address')
        ? { kind: 'windows', bus: at, windows }
        : { kind: 'broken', at, reason: `no entry of "dma-ranges" in ${at.path} leads to memory` };
    }
    if (!value && levels > 0) break;
    at = dmaParent(tree, at);
  }
  return { kind: 'identity' };
}

import { propertyCells, u32Of } from './cells.ts';
import { referencesOf } from './phandles.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** One entry of `iommus`: a stream of transactions of a device, as its IOMMU names it. */
export interface Stream {
  /** Position in `iommus`. */
  readonly dtIndex: number;
  readonly iommu: DeviceTreeNode;
  /** `#iommu-cells` cells; for an Arm SMMU the stream id, and with a second cell a mask of bits that do not matter. */
  readonly ids: readonly number[];
  /** Bits of the stream id that do not matter: the second cell, else `stream-match-mask` of the SMMU; null without. */
  readonly mask: number | null;
}

/** What a device's node says about its IOMMU. */
export interface Streams {
  readonly streams: readonly Stream[];
  /** Why the list ends before the property does, or holds an entry that names nothing; null where all is well. */
  readonly broken: string | null;
}

/**
 * The streams of a platform device. Only its own node counts: Linux does not walk up the tree for an IOMMU
 * (of_iommu_configure and of_iommu_configure_dev in drivers/iommu/of_iommu.c).
 */
export function streamsOf(tree: DeviceTree, node: DeviceTreeNode): Streams {
  const streams: Stream[] = [];
  for (const reference of referencesOf(tree, node, 'iommus', { property: '#iommu-cells' })) {
    const { dtIndex } = reference;
    // Linux stops at a hole as it does at a mistake: of_parse_phandle_with_args fails for both.
    if (reference.kind === 'hole') return { streams, broken: `entry ${dtIndex} is left out (phandle 0)` };
    if (reference.kind === 'broken') return { streams, broken: `entry ${dtIndex}: ${reference.reason}` };
    const { provider: iommu, specifier: ids } = reference;
    const mask = ids.length === 2 ? (ids[1] ?? null) : u32Of(iommu, 'stream-match-mask');
    streams.push({ dtIndex, iommu, ids, mask });
  }
  return { streams, broken: null };
}

export type IdMapProperty = 'iommu-map' | 'msi-map';

/** One entry of `iommu-map` or `msi-map`: ids from `first` on, as many as `length`, become those from `to` on. */
export interface IdMapEntry {
  readonly dtIndex: number;
  readonly first: number;
  readonly length: number;
  /** The IOMMU or the MSI controller; null where no node has the phandle. */
  readonly target: DeviceTreeNode | null;
  readonly to: number;
}

/** How a host bridge turns the requester ids below it into stream ids or into the device ids of MSIs. */
export interface IdMap {
  readonly property: IdMapProperty;
  readonly node: DeviceTreeNode;
  readonly entries: readonly IdMapEntry[];
  /** `iommu-map-mask` or `msi-map-mask`: the bits of a requester id that count. */
  readonly mask: number;
  /** Why Linux refuses the whole property; null where it does not. */
  readonly broken: string | null;
}

/** The map of a node; null without the property (of_map_id in drivers/of/base.c). */
export function idMapOf(tree: DeviceTree, node: DeviceTreeNode, property: IdMapProperty): IdMap | null {
  const value = node.properties.get(property);
  if (!value) return null;
  const mask = u32Of(node, `${property}-mask`) ?? 0xffff_ffff;
  const cells = propertyCells(node, property);
  const entries: IdMapEntry[] = [];
  for (let at = 0; at + 4 <= cells.length; at += 4) {
    const [first = 0, phandle = 0, to = 0, length = 0] = cells.slice(at, at + 4);
    entries.push({ dtIndex: entries.length, first, length, to, target: tree.byPhandle.get(phandle) ?? null });
  }
  const whole = value.length > 0 && value.length % 16 === 0;
  const broken = whole ? null : `its length is ${value.length} bytes, and an entry has 16`;
  return { property, node, entries, mask, broken };
}

/** What a requester id becomes. */
export type MappedId =
  | { readonly kind: 'mapped'; readonly target: DeviceTreeNode; readonly id: number; readonly entry: number }
  /** No entry has it: it passes as it is, and reaches no IOMMU. */
  | { readonly kind: 'unmapped' }
  | { readonly kind: 'broken'; readonly reason: string };

/** Maps one requester id (of_map_id in drivers/of/base.c). */
export function mapId(map: IdMap, id: number): MappedId {
  if (map.broken !== null) return { kind: 'broken', reason: map.broken };
  const masked = (id & map.mask) >>> 0;
  for (const { dtIndex, first, length, target, to } of map.entries) {
    if ((first & ~map.mask) !== 0) {
      return { kind: 'broken', reason: `entry ${dtIndex} begins at 0x${first.toString(16)}, which the mask cuts` };
    }
    // Linux adds in 32 bits, so a range that reaches the end of them holds nothing.
    if (masked < first || masked >= (first + length) >>> 0) continue;
    if (!target) return { kind: 'broken', reason: `entry ${dtIndex} names a phandle that no node has` };
    return { kind: 'mapped', target, id: (masked - first + to) >>> 0, entry: dtIndex };
  }
  return { kind: 'unmapped' };
}

/** What a QorIQ device says about its PAMU. */
export interface Liodn {
  /** `fsl,liodn`, written by the boot loader: several for some devices. Empty in a tree that no boot loader has touched. */
  readonly ids: readonly number[];
  /** The PAMU that the device's transactions meet, from `fsl,iommu-parent` of the node or the nearest one above. */
  readonly pamu: DeviceTreeNode | null;
  /** The node that holds the device's LIODN register, and its offset there (`fsl,liodn-reg`). */
  readonly register: { readonly node: DeviceTreeNode; readonly offset: number } | null;
}

/**
 * What there is about PAMU in a node; null where nothing is. Linux reads `fsl,liodn` of the device's own node alone
 * (setup_liodns in drivers/iommu/fsl_pamu.c); `fsl,iommu-parent` is for people and boot loaders.
 */
export function liodnOf(tree: DeviceTree, node: DeviceTreeNode): Liodn | null {
  const ids = propertyCells(node, 'fsl,liodn');
  const pamu = pamuAbove(tree, node);
  const [phandle, offset] = propertyCells(node, 'fsl,liodn-reg');
  const holder = phandle === undefined ? undefined : tree.byPhandle.get(phandle);
  const register = holder && offset !== undefined ? { node: holder, offset } : null;
  return ids.length > 0 || pamu || register ? { ids, pamu, register } : null;
}

function pamuAbove(tree: DeviceTree, node: DeviceTreeNode): DeviceTreeNode | null {
  for (let at: DeviceTreeNode | null = node; at; at = at.parent) {
    const phandle = u32Of(at, 'fsl,iommu-parent');
    if (phandle !== null) return tree.byPhandle.get(phandle) ?? null;
  }
  return null;
}

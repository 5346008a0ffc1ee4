import { disabledBy, liodnOf, type Stream, streamsOf } from '../../devicetree/index.ts';
import { type DeviceTree, type DeviceTreeNode, type IommuGroup, iova } from '../../model/index.ts';
import { hasPamu, unitKindOf } from './tree-units.ts';

/** Where both Arm drivers and virtio's put the doorbells of MSIs (MSI_IOVA_BASE and MSI_IOVA_LENGTH in each). */
const MSI_WINDOW = { first: iova(0x800_0000n), last: iova(0x80f_ffffn), type: 'msi' };
/** Different masks of one IOMMU that are compared with each other; every real one has one or two. */
const MAX_MASKS = 8;

export interface PredictedGroups {
  readonly groups: readonly IommuGroup[];
  /** Group by node; a node that is missing has none. */
  readonly byNode: ReadonlyMap<DeviceTreeNode, number>;
}

/**
 * The IOMMU groups that Linux would make for some devices of a tree, numbered from 0 in their order.
 *
 * Each device has one of its own (generic_device_group), except that an IOMMU cannot tell devices apart which share a
 * stream: they share a group. Behind a PAMU every device with a LIODN has one. A tree that no boot program has touched
 * says by `fsl,liodn-reg` alone which devices will get a `fsl,liodn`; they count.
 */
export function predictGroups(tree: DeviceTree, nodes: readonly DeviceTreeNode[]): PredictedGroups {
  const pamu = hasPamu(tree);
  const streams = new Map(nodes.map((node) => [node, translated(tree, node)]));
  const masks = masksOf([...streams.values()].flat());
  const groups: IommuGroup[] = [];
  const byNode = new Map<DeviceTreeNode, number>();
  const byStream = new Map<string, number>();
  for (const node of nodes) {
    const own = streams.get(node) ?? [];
    if (own.length === 0 && !(pamu && hasLiodn(tree, node))) continue;
    const keys = own.flatMap((stream) => keysOf(stream, masks));
    const shared = keys.map(({ theirs }) => byStream.get(theirs)).find((id) => id !== undefined);
    const id = shared ?? groups.length;
    if (shared === undefined) groups.push(groupOf(id, own));
    for (const { ours } of keys) byStream.set(ours, id);
    byNode.set(node, id);
  }
  return { groups, byNode };
}

/**
 * The streams with which a device gets to its IOMMU. Linux stops at the first entry that it cannot read, and gives up the
 * whole device for one whose IOMMU is switched off (of_iommu_configure in drivers/iommu/of_iommu.c).
 */
function translated(tree: DeviceTree, node: DeviceTreeNode): readonly Stream[] {
  const { streams } = streamsOf(tree, node);
  return streams.every(({ iommu }) => unitKindOf(iommu) !== null && !disabledBy(iommu)) ? streams : [];
}

function hasLiodn(tree: DeviceTree, node: DeviceTreeNode): boolean {
  const liodn = liodnOf(tree, node);
  return liodn !== null && (liodn.ids.length > 0 || liodn.register !== null);
}

function groupOf(id: number, streams: readonly Stream[]): IommuGroup {
  const kind = streams[0] && unitKindOf(streams[0].iommu);
  const hasWindow = kind === 'smmu-v3' || kind === 'smmu-v2' || kind === 'virtio';
  return {
    id,
    // Strict DMA is the default of every architecture but x86 and s390 (drivers/iommu/Kconfig); PAMU has no DMA domain.
    type: streams.length > 0 ? 'DMA' : 'unknown',
    reservedRegions: hasWindow ? [MSI_WINDOW] : [],
    node: null,
    openedBy: [],
  };
}

function masksOf(streams: readonly Stream[]): ReadonlyMap<DeviceTreeNode, readonly number[]> {
  const masks = new Map<DeviceTreeNode, Set<number>>();
  for (const { iommu, mask } of streams) {
    const known = masks.get(iommu) ?? new Set();
    masks.set(iommu, known);
    if (known.size < MAX_MASKS) known.add(mask ?? 0);
  }
  return new Map([...masks].map(([iommu, set]) => [iommu, [...set]]));
}

/** How a stream is noted for streams of one other mask, and how those would be noted that meet it. */
interface Key {
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Two streams of one IOMMU meet where some transaction belongs to both: where they agree on the bits that matter to both.
 * So there is a key for each other mask, and a map of keys takes the place of comparing every stream with every other.
 */
function keysOf({ iommu, ids, mask }: Stream, masks: ReadonlyMap<DeviceTreeNode, readonly number[]>): Key[] {
  const [id = 0, ...more] = ids;
  const own = mask ?? 0;
  // Where the second cell is the mask it is no part of the stream.
  const rest = mask !== null && more.length === 1 ? '' : more.join(',');
  return (masks.get(iommu) ?? [own]).map((other) => {
    const bits = `${(id & ~(own | other)) >>> 0} ${rest}`;
    return { ours: `${iommu.path} ${own}/${other} ${bits}`, theirs: `${iommu.path} ${other}/${own} ${bits}` };
  });
}

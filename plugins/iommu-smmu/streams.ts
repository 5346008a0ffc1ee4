import {
  type DeviceTree,
  type DeviceTreeNode,
  type HostDevice,
  type HostIndex,
  type IdMap,
  idMapOf,
  isPci,
  mapId,
  type PciDevice,
  smmuOf,
  streamsOf,
  u32Of,
} from 'vfio-compose/plugin';

/** A stream of transactions as an SMMU tells it from others. */
export interface SmmuStream {
  readonly smmu: DeviceTreeNode;
  readonly version: 'smmu-v3' | 'smmu-v2';
  /** As the kernel takes it into the stream table or a stream-map entry. */
  readonly id: number;
  /** Bits of the id that do not matter; 0 behind an SMMUv3, which has no masks. */
  readonly mask: number;
  /** As the tree has them, where the kernel takes something else. */
  readonly written: { readonly id: number; readonly mask: number } | null;
  /** Where it comes from: `entry 0 of iommus`. */
  readonly from: string;
}

/** What is known of a device's streams. */
export interface DeviceStreams {
  readonly streams: readonly SmmuStream[];
  /** What else a reader should know: where the list ends, or why there is none. */
  readonly remarks: readonly string[];
}

const NONE: DeviceStreams = { streams: [], remarks: [] };

/** The streams of a device behind SMMUs of the device tree. Nothing for another IOMMU, or without a tree. */
export function deviceStreams(device: HostDevice, host: HostIndex): DeviceStreams {
  const { tree } = host;
  if (!tree) return NONE;
  return isPci(device) ? functionStreams(device, host, tree) : nodeStreams(tree, device.treePath);
}

function nodeStreams(tree: DeviceTree, path: string | null): DeviceStreams {
  const node = path === null ? undefined : tree.byPath.get(path);
  if (!node) return NONE;
  const { streams, broken } = streamsOf(tree, node);
  return {
    streams: streams.flatMap(({ iommu, ids: [id = 0], mask, dtIndex }) =>
      streamOn(iommu, id, mask ?? 0, `entry ${dtIndex} of iommus`),
    ),
    remarks: broken === null ? [] : [`its iommus cannot be read further: ${broken}`],
  };
}

/** A PCI function is known to its SMMU by its requester id, through the `iommu-map` of its host bridge. */
function functionStreams(device: PciDevice, host: HostIndex, tree: DeviceTree): DeviceStreams {
  const map = mapAbove(device, host, tree);
  if (!map) return NONE;
  const requester = requesterId(device);
  const name = `requester id 0x${requester.toString(16)}`;
  const mapped = mapId(map, requester);
  switch (mapped.kind) {
    case 'broken':
      return { streams: [], remarks: [`the iommu-map of ${map.node.path} cannot be read: ${mapped.reason}`] };
    case 'unmapped':
      return { streams: [], remarks: [`${name} reaches no SMMU: no entry of iommu-map of ${map.node.path} has it`] };
    case 'mapped': {
      const from = `${name}, entry ${mapped.entry} of iommu-map of ${map.node.path}`;
      return {
        streams: streamOn(mapped.target, mapped.id, u32Of(mapped.target, 'stream-match-mask') ?? 0, from),
        remarks: [],
      };
    }
  }
}

/** Bus, device and function in 16 bits, as a function puts them on the bus. */
function requesterId({ address }: PciDevice): number {
  const [bus = 0, slot = 0, fn = 0] = address
    .split(/[:.]/)
    .slice(-3)
    .map((part) => Number.parseInt(part, 16));
  return (bus << 8) | (slot << 3) | fn;
}

/** The map of the host bridge above a function: the platform device whose path in sysfs its own begins with. */
function mapAbove(device: PciDevice, host: HostIndex, tree: DeviceTree): IdMap | null {
  for (const [path, { sysfsPath }] of host.byTreePath) {
    const node = device.sysfsPath.startsWith(`${sysfsPath}/`) ? tree.byPath.get(path) : undefined;
    const map = node ? idMapOf(tree, node, 'iommu-map') : null;
    if (map) return map;
  }
  return null;
}

/** Id and mask have 16 bits each in a stream-map entry (ARM_SMMU_SMR_ID and _MASK in arm-smmu.h). */
const ENTRY_BITS = 0xffff;

/**
 * A stream as the driver of the SMMU takes it: version 3 has 32 bits and no masks (arm_smmu_of_xlate in arm-smmu-v3.c), an
 * older one cuts id and mask to 16 bits (FIELD_PREP in arm_smmu_of_xlate of arm-smmu.c).
 */
function streamOn(smmu: DeviceTreeNode, id: number, mask: number, from: string): SmmuStream[] {
  const version = smmuOf(smmu);
  if (version === null) return [];
  if (version === 'smmu-v3') return [{ smmu, version, id, mask: 0, written: null, from }];
  const taken = { id: id & ENTRY_BITS, mask: mask & ENTRY_BITS };
  const written = taken.id === id && taken.mask === mask ? null : { id, mask };
  return [{ smmu, version, ...taken, written, from }];
}

/** Whether some transaction belongs to both streams: they agree on the bits that matter to both. */
export const meets = (one: SmmuStream, other: SmmuStream): boolean =>
  one.smmu === other.smmu && ((one.id ^ other.id) & ~(one.mask | other.mask)) === 0;

/** `0x42`, `0x400 under mask 0x3f`. */
export const idText = ({ id, mask }: Pick<SmmuStream, 'id' | 'mask'>): string =>
  `0x${id.toString(16)}${mask === 0 ? '' : ` under mask 0x${mask.toString(16)}`}`;

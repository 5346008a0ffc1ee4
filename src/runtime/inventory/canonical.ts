import { byAddress, hex } from '../../model/index.ts';
import type {
  BlockDevice,
  HostDevice,
  HostInventory,
  IommuGroup,
  Netdev,
  PciDevice,
  PlatformDevice,
  SnapshotNode,
} from '../../model/index.ts';
import { withoutIdentifiers } from './tree-secrets.ts';

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface CanonicalOptions {
  /** Serial numbers and MAC addresses, where the inventory has them. */
  readonly identifiers: boolean;
  /**
   * What changes by itself, or with who looks: limits of the process, free huge pages, group nodes, open files. Left
   * out where two inventories are compared.
   */
  readonly volatile: boolean;
}

/**
 * An inventory in its one canonical form: keys in the order of the schema, everything that has no order of its own
 * sorted, 64-bit values as hex strings. Two inventories that say the same give the same text.
 */
export function canonicalInventory(inventory: HostInventory, options: CanonicalOptions): Json {
  const { kernel, iommu, vfio, limits } = inventory;
  return {
    format_version: inventory.format_version,
    kernel: { release: kernel.release, architecture: kernel.architecture, pageSize: kernel.pageSize },
    iommu: {
      units: sorted(iommu.units, (unit) => unit.name).map(({ name, kind, addressBits }) => ({
        name,
        kind,
        addressBits,
      })),
      interruptRemapping: iommu.interruptRemapping,
    },
    modules: sortedRecord(inventory.modules, (module) => ({
      state: module.state,
      parameters: sortedRecord(module.parameters, (value) => value),
    })),
    vfio: {
      container: vfio.container,
      iommufd: vfio.iommufd,
      ...(vfio.devtreeInfo === undefined ? {} : { devtreeInfo: vfio.devtreeInfo }),
      ...(vfio.backends === undefined
        ? {}
        : {
            backends: sorted(vfio.backends, (backend) => backend.name).map(({ name, extension, properties }) => ({
              name,
              extension,
              properties: sortedRecord(properties, (value) => value),
            })),
          }),
    },
    ...(options.volatile
      ? {
          limits: {
            memlock: limits.memlock === null ? null : hex(limits.memlock),
            mayLockAnything: limits.mayLockAnything,
            ...(limits.memlockHard === undefined
              ? {}
              : { memlockHard: limits.memlockHard === null ? null : hex(limits.memlockHard) }),
            ...(limits.mayRaiseLimits === undefined ? {} : { mayRaiseLimits: limits.mayRaiseLimits }),
          },
          ...(inventory.memoryAvailable === undefined ? {} : { memoryAvailable: hex(inventory.memoryAvailable) }),
        }
      : {}),
    hugePages: [...inventory.hugePages]
      .sort((a, b) => compare(a.size, b.size))
      .map(({ size, total, free }) => ({ size: hex(size), total, ...(options.volatile ? { free } : {}) })),
    groups: [...inventory.groups].sort((a, b) => a.id - b.id).map((group) => canonicalGroup(group, options)),
    devices: [...inventory.devices].sort(byAddress).map((device) => canonicalDevice(device, options)),
    ...(inventory.origin === undefined ? {} : { origin: inventory.origin }),
    ...(inventory.deviceTree === undefined
      ? {}
      : {
          deviceTree: {
            nodes: canonicalNodes(inventory.deviceTree.nodes, options),
          },
        }),
  };
}

/** Nodes in the order of the tree, which has a meaning: of two devices that would have one name, Linux makes the first. */
function canonicalNodes(nodes: readonly SnapshotNode[], { identifiers }: CanonicalOptions): Json {
  return (identifiers ? nodes : withoutIdentifiers(nodes)).map(({ path, properties }) => ({
    path,
    properties: { ...properties },
  }));
}

function canonicalGroup(group: IommuGroup, options: CanonicalOptions): Json {
  return {
    id: group.id,
    type: group.type,
    reservedRegions: [...group.reservedRegions]
      .sort((a, b) => compare(a.first, b.first) || compare(a.last, b.last) || compare(a.type, b.type))
      .map(({ first, last, type }) => ({ first: hex(first), last: hex(last), type })),
    ...(options.volatile
      ? {
          node: group.node && { uid: group.node.uid, gid: group.node.gid, mode: group.node.mode },
          openedBy: [...group.openedBy].sort((a, b) => a.pid - b.pid).map(({ pid, command }) => ({ pid, command })),
        }
      : {}),
  };
}

/** A device's facts; also what `inspect` prints of it as JSON. */
export const canonicalDevice = (device: HostDevice, options: CanonicalOptions): { readonly [key: string]: Json } =>
  device.bus === 'pci' ? canonicalPciDevice(device, options) : canonicalPlatformDevice(device, options);

const canonicalPlatformDevice = (device: PlatformDevice, options: CanonicalOptions) => ({
  bus: device.bus,
  address: device.address,
  sysfsPath: device.sysfsPath,
  treePath: device.treePath,
  driver: device.driver,
  driverOverride: device.driverOverride,
  group: device.group,
  numaNode: device.numaNode,
  netdevs: sorted(device.netdevs, (netdev) => netdev.name).map((netdev) => canonicalNetdev(netdev, options)),
  blocks: sorted(device.blocks, (block) => block.name).map((block) => canonicalBlock(block, options)),
});

function canonicalPciDevice(device: PciDevice, options: CanonicalOptions): { readonly [key: string]: Json } {
  const { subsystem, sriov } = device;
  return {
    bus: device.bus,
    address: device.address,
    sysfsPath: device.sysfsPath,
    vendor: device.vendor,
    device: device.device,
    subsystem: subsystem && { vendor: subsystem.vendor, device: subsystem.device },
    class: device.class,
    revision: device.revision,
    header: device.header,
    driver: device.driver,
    driverOverride: device.driverOverride,
    group: device.group,
    numaNode: device.numaNode,
    // In the kernel's order, which is the order of trying.
    resetMethods: [...device.resetMethods],
    slot: device.slot,
    bootDisplay: device.bootDisplay,
    sriov: sriov && {
      total: sriov.total,
      enabled: sriov.enabled,
      ...(sriov.offset === undefined ? {} : { offset: sriov.offset }),
      ...(sriov.stride === undefined ? {} : { stride: sriov.stride }),
      ...(sriov.autoprobe === undefined ? {} : { autoprobe: sriov.autoprobe }),
    },
    physicalFunction: device.physicalFunction,
    virtualFunctionIndex: device.virtualFunctionIndex,
    resources: [...device.resources]
      .sort((a, b) => a.index - b.index)
      .map(({ index, start, size, kind }) => ({ index, start: hex(start), size: hex(size), kind })),
    netdevs: sorted(device.netdevs, (netdev) => netdev.name).map((netdev) => canonicalNetdev(netdev, options)),
    blocks: sorted(device.blocks, (block) => block.name).map((block) => canonicalBlock(block, options)),
    ...(options.identifiers && device.serial !== undefined ? { serial: device.serial } : {}),
  };
}

const canonicalNetdev = (netdev: Netdev, { identifiers }: CanonicalOptions): Json => ({
  name: netdev.name,
  up: netdev.up,
  hasAddress: netdev.hasAddress,
  defaultRoute: netdev.defaultRoute,
  master: netdev.master,
  ...(identifiers && netdev.mac !== undefined ? { mac: netdev.mac } : {}),
});

const canonicalBlock = (block: BlockDevice, { identifiers }: CanonicalOptions): Json => ({
  name: block.name,
  mounts: [...block.mounts].sort(),
  swap: block.swap,
  holders: [...block.holders].sort(),
  ...(identifiers && block.serial !== undefined ? { serial: block.serial } : {}),
});

const compare = <T extends string | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

const sorted = <T>(items: readonly T[], key: (item: T) => string): T[] =>
  items.length < 2 ? [...items] : [...items].sort((a, b) => compare(key(a), key(b)));

/** `Object.fromEntries` defines properties, so that a module called `__proto__` stays a name. */
const sortedRecord = <T>(record: { readonly [key: string]: T }, value: (item: T) => Json): Json =>
  Object.fromEntries(
    Object.entries(record)
      .sort(([a], [b]) => compare(a, b))
      .map(([key, item]) => [key, value(item)]),
  );

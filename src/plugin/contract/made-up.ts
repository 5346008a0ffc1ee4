import {
  bytes,
  type HostDevice,
  type HostInventory,
  indexHost,
  invariant,
  parseBdf,
  type PciDevice,
  physical,
  type PlatformDevice,
  type ResetMatch,
  type ResetPlugin,
  type ResetTarget,
  type TargetRegion,
} from '../../model/index.ts';

/** Large enough for every register; a plugin that counts rings by the size of its region gets many. */
const REGION_SIZE = 0x10_0000n;
const REGIONS = [0, 1, 2, 3];

/** A host with nothing but this device, and a tree for one that needs one. */
export function hostWith(devices: HostDevice[], deviceTree?: HostInventory['deviceTree']): HostInventory {
  return {
    format_version: 1,
    kernel: { release: '6.12.0', architecture: 'aarch64', pageSize: 4096 },
    iommu: { units: [], interruptRemapping: null },
    modules: {},
    vfio: { container: true, iommufd: false },
    limits: { memlock: null, mayLockAnything: true },
    hugePages: [],
    groups: [],
    devices,
    ...(deviceTree ? { deviceTree } : {}),
  };
}

/** A device for each match of a plugin, with more of everything than a real one has. */
export const madeUpTargets = ({ matches }: ResetPlugin): ResetTarget[] =>
  matches.map((match) => ('compatible' in match ? platformTarget(match.compatible) : pciTarget(match.pci)));

const regionsNamed = (name: (index: number) => string | null): TargetRegion[] =>
  REGIONS.map((index) => ({ index, size: bytes(REGION_SIZE), name: name(index) }));

function platformTarget(compatible: string): ResetTarget {
  const treePath = '/made-up@10000000';
  const device: PlatformDevice = {
    bus: 'platform',
    address: '10000000.made-up',
    sysfsPath: '/sys/devices/platform/10000000.made-up',
    treePath,
    driver: 'vfio-platform',
    driverOverride: 'vfio-platform',
    group: 0,
    numaNode: null,
    netdevs: [],
    blocks: [],
  };
  const reg = REGIONS.flatMap((index) => [0x1000_0000 + index * Number(REGION_SIZE), Number(REGION_SIZE)]);
  const nodes = [
    { path: '/', properties: { '#address-cells': cells(1), '#size-cells': cells(1) } },
    { path: treePath, properties: { compatible: text(compatible), reg: cells(...reg) } },
  ];
  const host = indexHost(hostWith([device], { nodes }));
  return {
    device,
    node: host.tree?.byPath.get(treePath) ?? null,
    compatible: [compatible],
    regions: regionsNamed(() => null),
    kernelHandler: null,
    pci: null,
    host,
  };
}

/** Cells of a property, as a snapshot writes them. */
const cells = (...values: number[]): string => values.map((value) => value.toString(16).padStart(8, '0')).join('');

const text = (value: string): string =>
  [...`${value}\0`].map((letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');

function pciTarget(match: Extract<ResetMatch, { pci: unknown }>['pci']): ResetTarget {
  const address = parseBdf('0000:01:00.0');
  invariant(address !== undefined && address !== null, 'the address is one');
  const device: PciDevice = {
    bus: 'pci',
    address,
    sysfsPath: '/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0',
    vendor: match.vendor ?? '1234',
    device: match.device ?? '5678',
    subsystem: match.subsystem ?? null,
    class: (match.class ?? '').padEnd(6, '0'),
    revision: '00',
    header: 'endpoint',
    driver: 'vfio-pci',
    driverOverride: 'vfio-pci',
    group: 0,
    numaNode: null,
    resetMethods: ['flr', 'bus'],
    slot: null,
    bootDisplay: false,
    sriov: null,
    physicalFunction: null,
    virtualFunctionIndex: null,
    resources: REGIONS.map((index) => ({
      index,
      start: physical(0x8000_0000n + BigInt(index) * REGION_SIZE),
      size: bytes(REGION_SIZE),
      kind: 'memory',
    })),
    netdevs: [],
    blocks: [],
  };
  const regions = [
    ...regionsNamed((index) => `BAR ${index}`),
    { index: 6, size: null, name: 'ROM' },
    { index: 7, size: null, name: 'configuration space' },
  ];
  const methods = device.resetMethods;
  const neighbours = [{ device, vm: 'made-up', held: true }];
  const pci = { neighbours, ownMethods: methods, methods };
  return { device, node: null, compatible: [], regions, kernelHandler: null, pci, host: indexHost(hostWith([device])) };
}

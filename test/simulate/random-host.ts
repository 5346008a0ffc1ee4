import { isPci, type HostInventory } from '../../src/model/index.ts';
import { host, type HostBuilder } from '../../src/testing/index.ts';
import { deviceTree, type NodeLiteral } from '../../src/testing/device-tree.ts';
import { pick, type Random } from '../../src/testing/lockstep/random.ts';

/** A small host, and which of its devices a manifest may name. */
export interface RandomHost {
  readonly kind: 'pci' | 'smmu' | 'no-iommu';
  readonly inventory: HostInventory;
  readonly devices: readonly string[];
}

const chance = (random: Random, percent: number): boolean => random(100) < percent;

/** A host of one of three kinds: PCI with an IOMMU, platform devices behind an SMMU, platform devices without an IOMMU. */
export function randomHost(random: Random): RandomHost {
  const kind = pick(random, ['pci', 'pci', 'smmu', 'no-iommu'] as const);
  const builder = kind === 'pci' ? pciHost(random) : platformHost(random, kind);
  if (chance(random, 30)) builder.module('pci_stub', 'loaded');
  const inventory = builder.build();
  const devices = inventory.devices
    .filter((device) => (isPci(device) ? device.header === 'endpoint' : device.driver !== null))
    .map(({ address }) => address);
  return { kind, inventory, devices };
}

function pciHost(random: Random): HostBuilder {
  const builder = chance(random, 70) ? host().intelIommu() : host().amdIommu();
  if (chance(random, 40)) builder.module('vfio_pci', 'available').module('vfio_iommu_type1', 'available');
  if (chance(random, 30)) builder.hugePages(0x20_0000n, 8);
  builder.bridge('00:1c.0', { bus: '01' });
  const shared = chance(random, 30) ? { group: 40 } : {};
  builder.nic('01:00.0', shared);
  if (chance(random, 60)) builder.nic('01:00.1', shared);
  if (chance(random, 50)) {
    builder.bridge('00:1d.0', { bus: '02' }).gpu('02:00.0', { group: 41 }).audio('02:00.1', { group: 41 });
  }
  if (chance(random, 40)) {
    builder.bridge('00:1e.0', { bus: '03' }).pf('03:00.0');
    for (let index = 0; index <= random(3); index++) builder.vf(`03:01.${index}`, '03:00.0', index);
  }
  if (chance(random, 50)) builder.usb('00:14.0', chance(random, 50) ? { driver: null } : {});
  return builder;
}

const GIC = { compatible: 'arm,gic-400', '#interrupt-cells': 3, phandle: 1, 'interrupt-controller': true } as const;

function platformHost(random: Random, kind: 'smmu' | 'no-iommu'): HostBuilder {
  const [count, withHandler, oneGroup] = [1 + random(3), chance(random, 50), chance(random, 25)];
  return networkHost({ behindSmmu: kind === 'smmu', count, withHandler, oneGroup });
}

/** Network controllers that a plugin silences, behind an SMMU or without one; whether the kernel has a handler as well. */
export function networkHost(wanted: {
  readonly behindSmmu: boolean;
  readonly count: number;
  readonly withHandler: boolean;
  readonly oneGroup: boolean;
}): HostBuilder {
  const { behindSmmu, count, withHandler, oneGroup } = wanted;
  const places = [0xfff5_0000, 0xfff6_0000, 0xfff7_0000].slice(0, count);
  const node = (at: number, stream: number): NodeLiteral => ({
    compatible: 'calxeda,hb-xgmac',
    reg: [at, 0x1000],
    interrupts: [0, 80 + stream, 4],
    'dma-coherent': true,
    ...(behindSmmu ? { iommus: [2, stream] } : {}),
  });
  const smmu = {
    compatible: 'arm,smmu-v3',
    reg: [0x905_0000, 0x2_0000],
    '#iommu-cells': 1,
    phandle: 2,
    'dma-coherent': true,
  } as const;
  const tree = deviceTree({
    '#address-cells': 1,
    '#size-cells': 1,
    'interrupt-parent': 1,
    gic: GIC,
    ...(behindSmmu ? { 'iommu@9050000': smmu } : {}),
    soc: {
      compatible: 'simple-bus',
      '#address-cells': 1,
      '#size-cells': 1,
      ranges: true,
      ...Object.fromEntries(places.map((at, i) => [`ethernet@${at.toString(16)}`, node(at, i + 1)])),
    },
  });
  const builder = behindSmmu ? host().smmuV3() : host().kernel({ architecture: 'armv7l' });
  builder.tree(tree).module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'N' });
  if (withHandler) builder.module('vfio_platform_calxedaxgmac', 'available');
  else builder.module('vfio_platform', 'loaded', { reset_required: 'N' });
  for (const at of places) {
    const name = at.toString(16);
    const group = behindSmmu && oneGroup ? { group: 7 } : {};
    builder.platform(`${name}.ethernet`, { treePath: `/soc/ethernet@${name}`, driver: 'calxedaxgmac', ...group });
  }
  return builder;
}

import {
  bytes,
  type HostIndex,
  indexHost,
  type HostInventory,
  iova,
  type Plan,
  type ResolvedPlatformDevice,
  type ResolvedVm,
  type Step,
  type StepKind,
  type StepOf,
} from '../model/index.ts';
import { deviceTree, type NodeLiteral } from './device-tree.ts';
import { host, type HostBuilder } from './host.ts';
import { spanAt } from './manifest.ts';
import { lowerFor } from './plan.ts';
import { resolvedIommu } from './resolved-iommu.ts';
import { resolvedPlatform as resolvedByDefault } from './resolved-platform.ts';

const GIC = {
  compatible: 'arm,cortex-a15-gic',
  '#interrupt-cells': 3,
  '#address-cells': 0,
  phandle: 1,
  'interrupt-controller': true,
} as const satisfies NodeLiteral;

/** A 32-bit Arm machine with one network controller, as the Calxeda ECX-2000 has it, and no IOMMU. */
export const midwayTree = () =>
  deviceTree({
    '#address-cells': 1,
    '#size-cells': 1,
    'interrupt-parent': 1,
    gic: GIC,
    soc: {
      compatible: 'simple-bus',
      '#address-cells': 1,
      '#size-cells': 1,
      ranges: true,
      'ethernet@fff51000': {
        compatible: 'calxeda,hb-xgmac',
        reg: [0xfff5_1000, 0x1000],
        interrupts: [0, 80, 4, 0, 81, 4, 0, 82, 4],
        'dma-coherent': true,
      },
    },
  });

export const XGMAC = 'fff51000.ethernet';

/** {@link midwayTree} as a host, its kernel built with no-IOMMU mode, which is off. */
export const midwayHost = (): HostBuilder =>
  host()
    .kernel({ architecture: 'armv7l' })
    .tree(midwayTree())
    .module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'N' })
    .module('vfio_platform_calxedaxgmac', 'available')
    .platform(XGMAC, { treePath: '/soc/ethernet@fff51000', driver: 'calxedaxgmac' });

/** A 64-bit Arm machine with an SMMUv3: a network controller with a child of its own, and an AMBA DMA engine. */
export const smmuTree = () =>
  deviceTree({
    '#address-cells': 2,
    '#size-cells': 2,
    'interrupt-parent': 1,
    gic: GIC,
    'iommu@9050000': {
      compatible: 'arm,smmu-v3',
      reg: [0, 0x905_0000, 0, 0x2_0000],
      '#iommu-cells': 1,
      phandle: 2,
      'dma-coherent': true,
    },
    soc: {
      compatible: 'simple-bus',
      '#address-cells': 2,
      '#size-cells': 2,
      ranges: true,
      'ethernet@e0700000': {
        compatible: ['amd,xgbe-seattle-v1a', 'simple-bus'],
        '#address-cells': 2,
        '#size-cells': 2,
        ranges: true,
        reg: [0, 0xe070_0000, 0, 0x8_0000, 0, 0xe120_0000, 0, 0x24],
        'reg-names': ['mac', 'pcs'],
        interrupts: [0, 325, 4, 0, 346, 1],
        iommus: [2, 0x17],
        'mdio@e1240000': { compatible: 'maker,mdio', reg: [0, 0xe124_0000, 0, 0x1000], iommus: [2, 0x18] },
      },
      'dma@e2000000': {
        compatible: ['arm,pl330', 'arm,primecell'],
        reg: [0, 0xe200_0000, 0, 0x1000],
        interrupts: [0, 20, 4],
        iommus: [2, 0x20],
      },
    },
  });

export const XGBE = 'e0700000.ethernet';
export const MDIO = 'e1240000.mdio';
export const PL330 = 'e2000000.dma';

/** {@link smmuTree} as a host. */
export const smmuHost = (): HostBuilder =>
  host()
    .smmuV3()
    .tree(smmuTree())
    .module('vfio_platform_amdxgbe', 'available')
    // Without this the kernel binds no platform device that it cannot reset, and the child is one.
    .module('vfio_platform', 'loaded', { reset_required: 'N' })
    .platform(XGBE, { treePath: '/soc/ethernet@e0700000', driver: 'amd-xgbe', group: 5 })
    .platform(MDIO, { treePath: '/soc/ethernet@e0700000/mdio@e1240000', driver: 'maker-mdio', group: 6 })
    .amba(PL330, { treePath: '/soc/dma@e2000000', driver: 'dma-pl330', group: 7 });

type Wish = Partial<Omit<ResolvedPlatformDevice, 'device' | 'bus'>>;

/** A platform device of a host as resolving would leave it, with what a test wants of it. */
export function resolvedPlatform(index: HostIndex, address: string, wish: Wish = {}): ResolvedPlatformDevice {
  const at = spanAt(['vms', 'edge', 'devices', address]);
  const children = { included: [], excluded: [], at };
  const guest = { base: null, interrupt: null, at };
  const places = {
    at,
    selectorAt: at,
    ranges: { mode: 'translate', at },
    interruptMap: { mode: 'translate', at },
  } as const;
  return resolvedByDefault(index, address, { vm: 'edge', reset: 'required', ...places, children, guest, ...wish });
}

/** A VM of one memory region (none without an IOMMU) and these devices. */
export function platformVm(
  type: ResolvedVm['iommu']['type'],
  devices: readonly ResolvedPlatformDevice[],
  wish: Partial<ResolvedVm> = {},
): ResolvedVm {
  const at = spanAt(['vms', 'edge']);
  const memory = {
    iova: iova(0n),
    size: bytes(4n << 20n),
    backing: 'anonymous',
    pageSize: null,
    reserve: false,
    access: 'read-write',
    at,
    iovaAt: at,
    sizeAt: at,
  } as const;
  return {
    name: 'edge',
    at,
    iommu: resolvedIommu(type),
    handoff: { mode: 'hold', at },
    memory: type === 'noiommu' ? [] : [memory],
    msi: { banks: 0, at },
    devices,
    run: null,
    ...wish,
  };
}

/** Lowers one VM without the laws of a manifest, which tests of what comes after them do not need. */
export function lowerVm(inventory: HostInventory, make: (index: HostIndex) => ResolvedVm): ReturnType<typeof lowerFor> {
  const index = indexHost(inventory);
  return lowerFor({ name: 'tested', vms: [make(index)], virtualFunctions: [] }, index);
}

/** The plan of {@link lowerVm}. */
export function platformPlan(inventory: HostInventory, make: (index: HostIndex) => ResolvedVm): Plan {
  const { value, diagnostics } = lowerVm(inventory, make);
  if (!value) throw new Error(`the VM of the test cannot be lowered: ${diagnostics[0]?.detail}`);
  return value;
}

/** The network controller of {@link midwayHost} without an IOMMU, its first interrupt connected and unmasked by eventfd. */
export const midwayPlan = (inventory: HostInventory = midwayHost().build()): Plan =>
  platformPlan(inventory, (index) => {
    const at = spanAt(['vms', 'edge', 'devices', XGMAC, 'irqs', 0]);
    return platformVm('noiommu', [resolvedPlatform(index, XGMAC, { irqs: [{ index: 0, unmask: 'eventfd', at }] })]);
  });

/**
 * All of {@link smmuHost}: the network controller with its child, which nothing resets, and the DMA engine. No node names an
 * MSI controller, so the VM accepts unsafe interrupts, as most with platform devices must.
 */
export const smmuPlan = (inventory: HostInventory = smmuHost().build()): Plan =>
  platformPlan(inventory, (index) => {
    const at = spanAt(['vms', 'edge', 'devices', XGBE, 'irqs', 0]);
    const wan = resolvedPlatform(index, XGBE, {
      irqs: [
        { index: 0, unmask: 'eventfd', at },
        { index: 1, unmask: 'explicit', at },
      ],
    });
    const child = resolvedPlatform(index, MDIO, { origin: { kind: 'child', of: wan.device }, reset: 'none' });
    const iommu = resolvedIommu('type1v2', { unsafeInterrupts: true });
    return platformVm('type1v2', [wan, child, resolvedPlatform(index, PL330, { reset: 'preferred' })], { iommu });
  });

/** A plan that assigns one device of a host, of which its VM asks for nothing else. */
export const planOfOne = (inventory: HostInventory, address: string, wish: Wish = {}): Plan =>
  platformPlan(inventory, (index) => platformVm('type1v2', [resolvedPlatform(index, address, wish)]));

/** The steps of one kind. */
export const stepsOfKind = <K extends StepKind>(steps: readonly Step[], kind: K): StepOf<K>[] =>
  steps.filter((step): step is StepOf<K> => step.kind === kind);

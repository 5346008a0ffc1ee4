import { bytes, type DeviceTree, snapshotNode } from '../model/index.ts';
import type {
  Bytes,
  HostDevice,
  HostInventory,
  HugePagePool,
  IommuGroup,
  IommuUnit,
  KernelModule,
  PciDevice,
  PlatformDevice,
  ReservedRegion,
} from '../model/index.ts';
import { deviceTree, type NodeLiteral } from './device-tree.ts';
import { FUNCTIONS, UNLIMITED } from './functions.ts';
import { plainPlatformDevice, PLATFORM_MODULES } from './platform.ts';
import { bdf, region } from './values.ts';

/** What a test may say about a device; the rest is realistic. Names of the schema, all optional. */
export type DeviceOptions = Partial<Omit<PciDevice, 'bus' | 'address'>>;

/** The same for a device of the platform bus; `bus` makes it one of another. */
export type PlatformOptions = Partial<Omit<PlatformDevice, 'address'>>;

export interface BridgeOptions extends DeviceOptions {
  /** The bus behind it, two hexadecimal digits. Devices declared later on that bus stand below it. */
  readonly bus?: string;
}

export interface IommuOptions {
  readonly addressBits?: number | null;
  readonly interruptRemapping?: boolean | null;
}

const MSI_X86 = region(0xfee0_0000n, 0xfeef_ffffn, 'msi');
const HYPERTRANSPORT = region(0xfd_0000_0000n, 0xff_ffff_ffffn, 'reserved');
const MSI_ARM = region(0x800_0000n, 0x80f_ffffn, 'msi');

/**
 * A host for tests, declared piece by piece: `host().intelIommu().nic('0000:01:00.0').build()`. Without an IOMMU no
 * device has a group. With one, each device gets a group of its own (from 11 up), with the reserved regions of that
 * IOMMU, unless the test says which. Say bridges before the devices below them.
 */
export class HostBuilder {
  readonly #devices = new Map<string, HostDevice>();
  readonly #groups = new Map<number, IommuGroup>();
  readonly #paths = new Map<string, string>();
  readonly #pools: HugePagePool[] = [];
  readonly #modules: Record<string, KernelModule> = {
    vfio: { state: 'loaded', parameters: {} },
    vfio_iommu_type1: {
      state: 'loaded',
      parameters: { allow_unsafe_interrupts: 'N', disable_hugepages: 'N', dma_entry_limit: '65535' },
    },
    vfio_pci: { state: 'loaded', parameters: { disable_denylist: 'N', disable_idle_d3: 'N' } },
  };
  readonly #units: IommuUnit[] = [];
  #regions: readonly ReservedRegion[] = [];
  #interruptRemapping: boolean | null = null;
  #kernel: HostInventory['kernel'] = { release: '6.12.38-test', architecture: 'x86_64', pageSize: 4096 };
  #vfio: HostInventory['vfio'] = { container: true, iommufd: false };
  #available: Bytes | undefined;
  #limits: HostInventory['limits'] = { ...UNLIMITED };
  #nextGroup = 11;
  #tree: DeviceTree | null = null;
  #origin: HostInventory['origin'];

  intelIommu(options: IommuOptions = {}): this {
    return this.#iommu({ name: 'dmar0', kind: 'intel', addressBits: 48 }, [MSI_X86], options);
  }

  amdIommu(options: IommuOptions = {}): this {
    const unit = { name: 'ivhd0', kind: 'amd', addressBits: null } as const;
    return this.#iommu(unit, [MSI_X86, HYPERTRANSPORT], options);
  }

  /** An arm64 host with 4 KiB pages. */
  smmuV3(options: IommuOptions = {}): this {
    this.kernel({ architecture: 'aarch64' });
    return this.#iommu({ name: 'smmu3.0x9050000', kind: 'smmu-v3', addressBits: null }, [MSI_ARM], options);
  }

  /** A QorIQ machine, big-endian, with 4 KiB pages and a vendor's kernel; what is known of that kernel is said by {@link vfio}. */
  pamu(options: IommuOptions = {}): this {
    this.kernel({ release: '3.12.19-rt30', architecture: 'ppc' }).withoutModule('vfio_iommu_type1');
    this.module('vfio_iommu_fsl_pamu', 'builtin');
    return this.#iommu({ name: 'iommu0', kind: 'pamu', addressBits: 36 }, [], { interruptRemapping: null, ...options });
  }

  kernel(options: Partial<HostInventory['kernel']>): this {
    this.#kernel = { ...this.#kernel, ...options };
    return this;
  }

  /** What /dev has; `{ container: false }` for a kernel without VFIO. */
  vfio(options: Partial<HostInventory['vfio']>): this {
    this.#vfio = { ...this.#vfio, ...options };
    return this;
  }

  /** RLIMIT_MEMLOCK in bytes (null is unlimited) of a process that may not lock more, nor, unless the test says so, raise it. */
  memlock(limit: bigint | null, mayLockAnything = false, more: Partial<HostInventory['limits']> = {}): this {
    const memlock = limit === null ? null : bytes(limit);
    this.#limits = { memlock, mayLockAnything, memlockHard: memlock, mayRaiseLimits: false, ...more };
    return this;
  }

  /** A pool of huge pages; `available` is the memory of the host that one may grow by, in bytes. */
  hugePages(size: bigint, total: number, free = total, available?: bigint): this {
    if (available !== undefined) this.#available = bytes(available);
    this.#pools.push({ size: bytes(size), total, free });
    return this;
  }

  module(name: string, state: KernelModule['state'], parameters: Record<string, string> = {}): this {
    this.#modules[name] = { state, parameters };
    return this;
  }

  withoutModule(name: string): this {
    delete this.#modules[name];
    return this;
  }

  /** Declares or changes a group; devices name it by `group: id`. */
  group(id: number, options: Partial<Omit<IommuGroup, 'id'>> = {}): this {
    const known = this.#groups.get(id);
    const fresh = { id, type: 'DMA-FQ', reservedRegions: [...this.#regions], node: null, openedBy: [] };
    this.#groups.set(id, { ...fresh, ...known, ...options });
    return this;
  }

  /** A PCIe port. Alone in its group unless the test says otherwise. */
  bridge(address: string, options: BridgeOptions = {}): this {
    const { bus, ...rest } = options;
    const device = this.#add(address, FUNCTIONS.bridge(), rest);
    if (bus !== undefined) this.#paths.set(`${device.address.slice(0, -7)}${bus}`, device.sysfsPath);
    return this;
  }

  /** A gigabit Ethernet card on e1000e with an idle interface `lan1s0` (bus, slot, function). */
  nic(address: string, options: DeviceOptions = {}): this {
    this.#add(address, FUNCTIONS.nic(address), options);
    return this;
  }

  /** A graphics card, not the boot display, on nouveau. */
  gpu(address: string, options: DeviceOptions = {}): this {
    this.#add(address, FUNCTIONS.gpu(), options);
    return this;
  }

  /** A graphics card's sound function, on snd_hda_intel. */
  audio(address: string, options: DeviceOptions = {}): this {
    this.#add(address, FUNCTIONS.audio(), options);
    return this;
  }

  /** An NVMe disk with one unused namespace. */
  nvme(address: string, options: DeviceOptions = {}): this {
    this.#add(address, FUNCTIONS.nvme(address), options);
    return this;
  }

  usb(address: string, options: DeviceOptions = {}): this {
    this.#add(address, FUNCTIONS.usb(), options);
    return this;
  }

  /** An SR-IOV NIC; its VFs are declared with {@link vf}, which count themselves in. */
  pf(address: string, options: DeviceOptions = {}): this {
    this.#add(address, FUNCTIONS.pf(address), options);
    return this;
  }

  /** VF number `index` of a PF declared before. */
  vf(address: string, pf: string, index: number, options: DeviceOptions = {}): this {
    const parent = this.#devices.get(bdf(pf));
    if (parent?.bus !== 'pci') throw new Error(`declare the PF ${pf} before its VF`);
    const sriov = { total: 8, ...parent.sriov, enabled: (parent.sriov?.enabled ?? 0) + 1 };
    this.#devices.set(parent.address, { ...parent, sriov });
    const link = { physicalFunction: parent.address, virtualFunctionIndex: index };
    this.#add(address, { ...FUNCTIONS.vf(address), ...link }, options);
    return this;
  }

  /** The machine's device tree. Say it before the devices: they take their paths from it. */
  tree(source: DeviceTree | NodeLiteral): this {
    this.#tree = isTree(source) ? source : deviceTree(source);
    return this;
  }

  /** Where the inventory says it comes from; it says nothing of itself. */
  origin(origin: NonNullable<HostInventory['origin']>): this {
    this.#origin = origin;
    return this;
  }

  /**
   * A device of the platform bus, or of the one that `bus` names, without a driver. With a tree and a `treePath`, its path
   * in sysfs is the one that Linux gives it. VFIO's modules for such devices come with it, loaded, unless the test has
   * said something about them.
   */
  platform(address: string, options: PlatformOptions = {}): this {
    for (const [name, module] of Object.entries(PLATFORM_MODULES)) this.#modules[name] ??= module;
    const device: PlatformDevice = {
      ...plainPlatformDevice(this.#tree, address, options.treePath ?? null),
      ...options,
      group: options.group === undefined ? this.#freshGroup() : options.group,
    };
    if (device.group !== null) this.group(device.group);
    this.#devices.set(address, device);
    return this;
  }

  /** An AMBA device, as {@link platform}. */
  amba(address: string, options: PlatformOptions = {}): this {
    return this.platform(address, { bus: 'amba', ...options });
  }

  /** Changes a PCI function declared before. */
  change(address: string, options: DeviceOptions): this {
    const device = this.#devices.get(bdf(address));
    if (device?.bus !== 'pci') throw new Error(`no device ${address} to change`);
    return this.#replace({ ...device, ...options });
  }

  /** Changes a device of the platform bus, or another but PCI, declared before. */
  changePlatform(address: string, options: PlatformOptions): this {
    const device = this.#devices.get(address);
    if (!device || device.bus === 'pci') throw new Error(`no device ${address} to change`);
    return this.#replace({ ...device, ...options });
  }

  /** The inventory. Devices stand in the order of declaration: nothing may depend on it. */
  build(): HostInventory {
    const used = new Set([...this.#devices.values()].map((device) => device.group));
    return {
      format_version: 1,
      kernel: this.#kernel,
      iommu: { units: [...this.#units], interruptRemapping: this.#interruptRemapping },
      modules: { ...this.#modules },
      vfio: this.#vfio,
      limits: this.#limits,
      hugePages: [...this.#pools],
      ...(this.#available === undefined ? {} : { memoryAvailable: this.#available }),
      groups: [...this.#groups.values()].filter((group) => used.has(group.id)),
      devices: [...this.#devices.values()],
      ...(this.#origin === undefined ? {} : { origin: this.#origin }),
      ...(this.#tree === null ? {} : { deviceTree: { nodes: this.#tree.nodes.map(snapshotNode) } }),
    };
  }

  #replace(device: HostDevice): this {
    if (device.group !== null) this.group(device.group);
    this.#devices.set(device.address, device);
    return this;
  }

  #iommu(unit: IommuUnit, regions: readonly ReservedRegion[], options: IommuOptions): this {
    const { addressBits = unit.addressBits, interruptRemapping = true } = options;
    this.#units.push({ ...unit, addressBits });
    this.#regions = regions;
    this.#interruptRemapping = interruptRemapping;
    return this;
  }

  #add(text: string, shape: DeviceOptions, options: DeviceOptions): PciDevice {
    const address = bdf(text);
    const bus = address.slice(0, -5);
    const device: PciDevice = {
      ...FUNCTIONS.plain(),
      bus: 'pci',
      address,
      sysfsPath: `${this.#paths.get(bus) ?? `/sys/devices/pci${bus}`}/${address}`,
      ...shape,
      ...options,
      group: options.group === undefined ? this.#freshGroup() : options.group,
    };
    if (device.group !== null) this.group(device.group);
    this.#devices.set(address, device);
    return device;
  }

  #freshGroup(): number | null {
    if (this.#units.length === 0) return null;
    while (this.#groups.has(this.#nextGroup)) this.#nextGroup += 1;
    return this.#nextGroup;
  }
}

const isTree = (source: DeviceTree | NodeLiteral): source is DeviceTree => source['byPath'] instanceof Map;

/** Begins a host for a test. See {@link HostBuilder}. */
export const host = (): HostBuilder => new HostBuilder();

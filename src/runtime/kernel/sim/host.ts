import { isPci, isVfioDriver, type HostInventory, type PciDevice } from '../../../model/inventory.ts';
import { busOf } from '../../../model/reset.ts';
import { Modules } from './modules.ts';
import type { SimulationOptions } from './options.ts';
import { behaviourOf, type Behaviour } from './release.ts';
import type { SimDevice, SimGroup } from './state.ts';

/** The host as it is now: what an inventory shows, changing. */
export class SimHost {
  readonly devices = new Map<string, SimDevice>();
  readonly bySysfsPath = new Map<string, SimDevice>();
  /** The functions on each bus, by the path of the bridge above it. */
  readonly onBus = new Map<string, SimDevice[]>();
  readonly groups = new Map<number, SimGroup>();
  readonly modules: Modules;
  readonly behaviour: Behaviour;
  readonly pageSize: bigint;
  /** Simulated time since the start. */
  nowMs = 0;
  /** Drivers of the PCI bus besides those that modules bring. */
  readonly #drivers = new Set<string>();

  constructor(
    readonly inventory: HostInventory,
    readonly options: SimulationOptions,
  ) {
    this.behaviour = behaviourOf(inventory.kernel.release);
    this.pageSize = BigInt(inventory.kernel.pageSize);
    this.modules = new Modules(options.state ?? inventory);
    const left = new Map(options.state?.devices.map((device) => [device.address, device]));
    for (const info of inventory.groups) this.groups.set(info.id, { info, members: [], vfio: null, owner: null });
    for (const info of inventory.devices.filter(isPci)) {
      const now = left.get(info.address);
      this.#add(info, now && isPci(now) ? now : info);
    }
  }

  /** Whether `/sys/bus/pci/drivers/<name>` is there. */
  hasDriver(name: string): boolean {
    return this.#drivers.has(name) || this.modules.bringsDriver(name);
  }

  /** The host as `capture` would see it now. `free` says how many huge pages of a size are free. */
  toInventory(free: (size: bigint) => number): HostInventory {
    return {
      ...this.inventory,
      modules: this.modules.toInventory(),
      vfio: { ...this.inventory.vfio, container: this.modules.containerNode },
      hugePages: this.inventory.hugePages.map((pool) => ({ ...pool, free: free(pool.size) })),
      groups: this.inventory.groups.map((info) => this.#groupNow(info)),
      devices: this.inventory.devices.map((info) => (isPci(info) ? this.#deviceNow(info) : info)),
    };
  }

  #groupNow(info: HostInventory['groups'][number]): HostInventory['groups'][number] {
    const { process = { pid: 4242, command: 'vfio-compose' } } = this.options;
    const vfio = this.groups.get(info.id)?.vfio ?? null;
    const open = vfio !== null && vfio.fileRefs > 0;
    return { ...info, node: vfio && { ...vfio.node }, openedBy: open ? [...info.openedBy, process] : info.openedBy };
  }

  #deviceNow(info: PciDevice): PciDevice {
    const device = this.devices.get(info.address);
    if (!device) return info;
    // The interfaces and disks of a device are its driver's: they go and come with it.
    const same = device.driver === info.driver;
    const { netdevs, blocks } = same ? info : { netdevs: [], blocks: [] };
    return { ...info, driver: device.driver, driverOverride: device.override, netdevs, blocks };
  }

  /** `left` is the device as it was found: another process may have moved it to another driver. */
  #add(info: PciDevice, left: PciDevice): void {
    const group = info.group === null ? null : (this.groups.get(info.group) ?? null);
    const native = info.driver !== null && info.driver !== info.driverOverride && !isVfioDriver(info.driver);
    const more = this.options.matchingDrivers?.get(info.address) ?? [];
    const matching = native && info.driver !== null ? [info.driver, ...more] : more;
    for (const driver of matching) this.#drivers.add(driver);
    for (const { driver } of [info, left]) if (driver !== null) this.#drivers.add(driver);
    const model = this.options.devices?.get(info.address) ?? {};
    const { driver, driverOverride: override } = left;
    const device: SimDevice = { info, model, group, matching, driver, override, vfio: null };
    group?.members.push(device);
    this.devices.set(info.address, device);
    this.bySysfsPath.set(info.sysfsPath, device);
    const bus = busOf(info);
    const besides = this.onBus.get(bus);
    if (besides) besides.push(device);
    else this.onBus.set(bus, [device]);
  }
}

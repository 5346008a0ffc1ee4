import { treeIn, type DeviceTree } from '../../../model/device-tree.ts';
import { isPci, isVfioDriver, type HostDevice, type HostInventory, type IommuGroup } from '../../../model/inventory.ts';
import { busOf } from '../../../model/reset.ts';
import { Modules } from './modules.ts';
import type { SimulationOptions } from './options.ts';
import { RegisterBank } from '../../../model/plugin/register-bank.ts';
import { behaviourOf, type Behaviour } from './release.ts';
import type { SimDevice, SimGroup, SimPciDevice } from './state.ts';

/** What the pools of huge pages hold, by page size in bytes. */
interface Pages {
  total(size: bigint): number;
  free(size: bigint): number;
}

/** A bus of Linux, as `/sys/bus` calls it. */
export type BusName = HostDevice['bus'];

/** The host as it is now: what an inventory shows, changing. */
export class SimHost {
  readonly devices = new Map<string, SimDevice>();
  readonly bySysfsPath = new Map<string, SimDevice>();
  /** The functions on each PCI bus, by the path of the bridge above it. */
  readonly onBus = new Map<string, SimPciDevice[]>();
  /** By number, those that no-IOMMU mode made up among them. */
  readonly groups = new Map<number, SimGroup>();
  readonly modules: Modules;
  readonly behaviour: Behaviour;
  readonly pageSize: bigint;
  /** Simulated time since the start. */
  nowMs = 0;
  /** Drivers besides those that modules bring, as `<bus>/<name>`. */
  readonly #drivers = new Set<string>();

  constructor(
    readonly inventory: HostInventory,
    readonly options: SimulationOptions,
  ) {
    this.behaviour = behaviourOf(inventory.kernel.release);
    this.pageSize = BigInt(inventory.kernel.pageSize);
    this.modules = new Modules(options.state ?? inventory);
    const left = new Map(options.state?.devices.map((device) => [device.address, device]));
    for (const info of inventory.groups) this.addGroup(info);
    for (const info of options.state?.groups ?? []) {
      // Made since, as that of a VF. What another process had open went with it, or is its own to keep busy.
      if (!this.groups.has(info.id)) this.addGroup({ ...info, openedBy: [] });
    }
    for (const info of inventory.devices) this.add(info, left.get(info.address) ?? info);
    for (const info of left.values()) if (!this.devices.has(info.address)) this.add(info, info);
  }

  /** The host's device tree; null where it has none. */
  get tree(): DeviceTree | null {
    const { deviceTree } = this.inventory;
    return deviceTree ? treeIn(deviceTree) : null;
  }

  /** A group that was not there at the start. */
  addGroup(info: IommuGroup): SimGroup {
    const group: SimGroup = { info, noiommu: false, members: [], vfio: null, owner: null };
    this.groups.set(info.id, group);
    return group;
  }

  /** A device is gone, and with its last member its group. */
  remove(device: SimDevice): void {
    const { group, info } = device;
    this.devices.delete(info.address);
    this.bySysfsPath.delete(info.sysfsPath);
    if (device.kind === 'pci') removeFrom(this.onBus.get(busOf(device.info)) ?? [], device);
    if (!group) return;
    removeFrom(group.members, device);
    if (group.members.length === 0) this.groups.delete(group.info.id);
  }

  /** The device of that name on a bus. */
  on(bus: BusName, name: string): SimDevice | undefined {
    const device = this.devices.get(name);
    return device?.info.bus === bus ? device : undefined;
  }

  /** Whether `/sys/bus/<bus>/drivers/<name>` is there. */
  hasDriver(bus: BusName, name: string): boolean {
    return this.#drivers.has(`${bus}/${name}`) || this.modules.bringsDriver(bus, name);
  }

  /** Whether the process may do what no-IOMMU mode keeps for CAP_SYS_RAWIO. */
  get mayRawIo(): boolean {
    return this.options.mayRawIo ?? true;
  }

  /** The host as `capture` would see it now, with what is in its pools of huge pages. */
  toInventory(pages: Pages): HostInventory {
    return {
      ...this.inventory,
      modules: this.modules.toInventory(),
      vfio: { ...this.inventory.vfio, container: this.modules.containerNode },
      hugePages: this.inventory.hugePages.map(({ size }) => ({
        size,
        total: pages.total(size),
        free: pages.free(size),
      })),
      groups: [...this.groups.values()].filter(({ noiommu }) => !noiommu).map(({ info }) => this.#groupNow(info)),
      devices: [...this.devices.values()].map((device) => this.#deviceNow(device)),
    };
  }

  #groupNow(info: HostInventory['groups'][number]): HostInventory['groups'][number] {
    const vfio = this.groups.get(info.id)?.vfio ?? null;
    const openedBy = vfio?.openedBy ? [...info.openedBy, vfio.openedBy] : info.openedBy;
    return { ...info, node: vfio && { ...vfio.node }, openedBy };
  }

  /** The device is in the machine again, as if it had just been found: without a driver, and without an override. */
  plug(info: HostDevice): SimDevice {
    return this.add(info, { ...info, driver: null, driverOverride: null });
  }

  /** The device is out of the machine. */
  unplug(device: SimDevice): void {
    const without = <T>(list: T[], one: T): void => void list.splice(list.indexOf(one), 1);
    this.devices.delete(device.info.address);
    this.bySysfsPath.delete(device.info.sysfsPath);
    if (device.group) without(device.group.members, device);
    if (device.kind === 'pci') without(this.onBus.get(busOf(device.info)) ?? [], device);
  }

  #deviceNow(device: SimDevice): HostDevice {
    const { info } = device;
    // The interfaces and disks of a device are its driver's: they go and come with it.
    const same = device.driver === info.driver;
    const { netdevs, blocks } = same ? info : { netdevs: [], blocks: [] };
    const common = { driver: device.driver, driverOverride: device.override, netdevs, blocks };
    return device.kind === 'pci'
      ? { ...device.info, ...common, sriov: sriovNow(device) }
      : { ...device.info, ...common };
  }

  /** `left` is the device as it was found: another process may have moved it to another driver. */
  add(info: HostDevice, left: HostDevice): SimDevice {
    const { bus, address } = info;
    const group = info.group === null ? null : (this.groups.get(info.group) ?? null);
    const native = info.driver !== null && info.driver !== info.driverOverride && !isVfioDriver(info.driver);
    const more = this.options.matchingDrivers?.get(address) ?? [];
    const matching = native && info.driver !== null ? [info.driver, ...more] : more;
    for (const driver of matching) this.#drivers.add(`${bus}/${driver}`);
    for (const { driver } of [info, left]) if (driver !== null) this.#drivers.add(`${bus}/${driver}`);
    const model = this.options.devices?.get(address) ?? {};
    const { driver, driverOverride: override } = left;
    const common = { model, group, matching, driver, override, vfio: null };
    const device: SimDevice = isPci(info)
      ? this.#addToBus({ kind: 'pci', info, sriov: sriovOf(left), ...common })
      : { kind: 'platform', info, registers: model.registers ?? new RegisterBank(), ...common };
    group?.members.push(device);
    this.devices.set(address, device);
    this.bySysfsPath.set(info.sysfsPath, device);
    return device;
  }

  #addToBus(device: SimPciDevice): SimPciDevice {
    const bus = busOf(device.info);
    const besides = this.onBus.get(bus);
    if (besides) besides.push(device);
    else this.onBus.set(bus, [device]);
    return device;
  }
}

function removeFrom<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

const sriovOf = (left: HostDevice): SimPciDevice['sriov'] =>
  isPci(left) && left.sriov ? { enabled: left.sriov.enabled, autoprobe: left.sriov.autoprobe ?? true } : null;

/** An inventory says nothing of drivers that take new VFs where its source did not, unless that has changed. */
function sriovNow({ info, sriov }: SimPciDevice): SimPciDevice['info']['sriov'] {
  if (!info.sriov || !sriov) return info.sriov;
  const { autoprobe } = sriov;
  const told = info.sriov.autoprobe !== undefined || !autoprobe;
  return { ...info.sriov, enabled: sriov.enabled, ...(told ? { autoprobe } : {}) };
}

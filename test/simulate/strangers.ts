import { type HostDevice, isVfioDriver } from '../../src/model/index.ts';
import { sysfs } from '../../src/runtime/executor/sysfs.ts';
import { KernelError } from '../../src/runtime/kernel/port.ts';
import type { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import { getDeviceFd, setContainer, setIommu } from '../../src/runtime/uapi/index.ts';
import { pick } from '../../src/testing/lockstep/random.ts';
import type { Administrators } from './administrators.ts';
import { FOREIGN_DRIVER, type World } from './world.ts';

/** What others do on the host, who know nothing of vfio-compose: users of bound devices, and people with root and no patience. */
export class Strangers {
  readonly #users = new Set<SimulatedKernel>();
  readonly #unplugged = new Set<string>();
  /** Devices that they unbound from a VFIO driver, with that. */
  readonly #takenFromVfio = new Map<string, string>();
  /** Overrides that they wrote, with what was there before. */
  readonly #overridden = new Map<string, string>();
  readonly #acts = ['open', 'open', 'die', 'take', 'override', 'unbind', 'unplug', 'plug'] as const;

  constructor(
    private readonly world: World,
    private readonly administrators: Administrators,
  ) {}

  /** One of them does something. */
  async act(): Promise<void> {
    const act = pick(this.world.random, this.#acts);
    const address = pick(this.world.random, this.world.host.devices);
    switch (act) {
      case 'open':
        return this.#use();
      case 'die':
        return this.#die();
      case 'take':
        return this.#take(address);
      case 'override':
        return this.#override(address);
      case 'unbind':
        return this.#unbind(address);
      case 'unplug':
        return this.#unplug(address);
      case 'plug':
        return this.#plug();
    }
  }

  /** All of them go, and put back what they took. */
  async leave(): Promise<void> {
    while (this.#users.size > 0) this.#die();
    for (const address of [...this.#unplugged]) this.#plug(address);
    for (const address of this.world.touched) {
      if (this.#now(address)?.driver === FOREIGN_DRIVER) await this.#unbind(address);
    }
    for (const address of [...this.#overridden.keys()]) await this.#restoreOverride(address);
  }

  /**
   * What a way back asks for: devices that they have given to a driver of the host since, it lets go of; those that they took
   * from VFIO and gave to none are bound to it again.
   */
  async letGo(): Promise<void> {
    for (const [address, driver] of this.#takenFromVfio) {
      if (this.#now(address)?.driver !== null) continue;
      await this.#write(address, driver, false);
      await this.#bind(address, driver);
    }
    for (const address of this.world.touched) {
      const driver = this.#now(address)?.driver ?? null;
      if (driver !== null && !isVfioDriver(driver)) await this.#unbind(address);
    }
  }

  /** Devices that they touched are put as they were; everything else has to be so by itself. */
  async tidy(): Promise<void> {
    for (const address of [...this.#unplugged]) this.#plug(address);
    for (const address of this.world.touched) {
      const was = this.world.before.devices.find((device) => device.address === address);
      const now = this.#now(address);
      if (!was || !now) continue;
      if (now.driver !== null && now.driver !== was.driver) await this.#unbind(address);
      await this.#write(address, was.driverOverride ?? '', false);
      if (was.driver !== null && this.#now(address)?.driver === null) await this.#bind(address, was.driver);
    }
  }

  /** A program opens a bound device of a project and uses it; the device is loud from then on. */
  async #use(): Promise<void> {
    const bound = [...this.administrators.held.values()].filter(({ by }) => by === null);
    if (bound.length === 0) return;
    const { assignments } = pick(this.world.random, bound).plan;
    const { address, group } = pick(this.world.random, assignments);
    const user = this.world.stranger('dpdk');
    this.#users.add(user);
    this.world.say(`a user opens ${address}`);
    await this.#tried(async () => {
      const link = user.readlink(sysfs.groupLink(this.#ref(address)));
      const id = link.slice(link.lastIndexOf('/') + 1);
      const container = user.open('/dev/vfio/vfio', 'read-write');
      const fd = user.open(group === null ? `/dev/vfio/noiommu-${id}` : `/dev/vfio/${id}`, 'read-write');
      setContainer(user, fd, container);
      setIommu(user, container, group === null ? 'noiommu' : 'type1v2');
      await getDeviceFd(user, fd, address);
      this.world.watch.saw({ name: 'VFIO_GROUP_GET_DEVICE_FD', target: 'group', args: [] });
      this.world.watch.use((device) => device === address);
    });
  }

  #die(): void {
    const [user] = this.#users;
    if (!user) return;
    this.world.say('a user dies');
    this.#users.delete(user);
    user.kill();
  }

  /** Somebody binds a device to another driver by hand. */
  async #take(address: string): Promise<void> {
    await this.#unbind(address);
    await this.#write(address, FOREIGN_DRIVER);
    await this.#bind(address, FOREIGN_DRIVER);
    if (this.#now(address)?.driver !== FOREIGN_DRIVER) await this.#restoreOverride(address);
  }

  /** They take an override back, unless it is another one by now. */
  async #restoreOverride(address: string): Promise<void> {
    const before = this.#overridden.get(address);
    this.#overridden.delete(address);
    const now = this.#now(address)?.driverOverride;
    if (before !== undefined && now === FOREIGN_DRIVER) await this.#write(address, before, false);
  }

  /** Somebody writes the override of a device, a project's or the host's, and never binds it anew. */
  async #override(address: string): Promise<void> {
    if (this.#now(address)?.driver) await this.#write(address, FOREIGN_DRIVER);
  }

  async #unbind(address: string): Promise<void> {
    const driver = this.#now(address)?.driver;
    if (!driver) return;
    this.#touch(address, `is unbound from ${driver}`);
    if (isVfioDriver(driver)) this.#takenFromVfio.set(address, driver);
    await this.#tried(() => this.world.kernel.writeFile(sysfs.unbind(this.#ref(address), driver), address));
  }

  async #bind(address: string, driver: string): Promise<void> {
    this.#touch(address, `is bound to ${driver}`);
    await this.#tried(() => this.world.kernel.writeFile(sysfs.bind(this.#ref(address), driver), address));
  }

  async #write(address: string, override: string, isForNow = true): Promise<void> {
    const now = this.#now(address);
    if (!now) return;
    if (isForNow && !this.#overridden.has(address)) this.#overridden.set(address, now.driverOverride ?? '');
    this.#touch(address, `gets the override "${override}"`);
    await this.#tried(() => this.world.kernel.writeFile(sysfs.driverOverride(this.#ref(address)), `${override}\n`));
  }

  #unplug(address: string): void {
    if (this.#unplugged.has(address) || this.#carriesOthers(address)) return;
    this.#touch(address, 'is pulled out');
    this.#unplugged.add(address);
    this.world.kernel.unplug(address);
  }

  #plug(address = [...this.#unplugged][0]): void {
    // While somebody has it open it is not out yet.
    if (address === undefined || this.#now(address)) return;
    this.#touch(address, 'is put back');
    this.#unplugged.delete(address);
    this.world.kernel.plug(address);
  }

  #touch(address: string, what: string): void {
    this.world.say(`${address} ${what} by hand`);
    this.world.touched.add(address);
    this.world.watch.forget(address);
  }

  #now = (address: string): HostDevice | undefined =>
    this.world.kernel.toInventory().devices.find((device) => device.address === address);

  #ref(address: string) {
    const bus = this.world.before.devices.find((device) => device.address === address)?.bus;
    return { bus, address } as Parameters<typeof sysfs.driverLink>[0];
  }

  /** A function with virtual ones takes them along: not simulated. */
  #carriesOthers = (address: string): boolean =>
    this.world.before.devices.some((device) => device.bus === 'pci' && device.physicalFunction === address);

  async #tried(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.world.say(`  ${error.message}`);
    }
  }
}

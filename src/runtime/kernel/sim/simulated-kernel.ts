import type { HostInventory } from '../../../model/inventory.ts';
import { isVfioDriver } from '../../../model/inventory.ts';
import { mmapTarget } from '../delegate.ts';
import { kernelError } from '../errno.ts';
import type { Fd, IoctlRequest, Kernel, MmapRequest, OpenFlags } from '../port.ts';
import { AddressSpace } from './address-space.ts';
import { containerIoctl, type ContainerIoctl } from './container-ioctl.ts';
import { DeviceFile } from './device-file.ts';
import { type DeviceState, deviceState } from './device-state.ts';
import { deviceIoctl, type DeviceIoctl } from './device-ioctl.ts';
import { newEventfd, signal } from './eventfds.ts';
import { FileTable } from './file-table.ts';
import { leaksOf } from './leaks.ts';
import { closeGroupFile, groupOfNode, openGroupFile } from './group-file.ts';
import { groupIoctl, type GroupIoctl } from './group-ioctl.ts';
import { SimHost } from './host.ts';
import { modprobe } from './modprobe.ts';
import { plug, unplug } from './hotplug.ts';
import { closeDevice } from './open-device.ts';
import type { SimulatedHolder, SimulationOptions } from './options.ts';
import { Refusal, refuse } from './refusal.ts';
import type { OpenFile, VfioDevice } from './state.ts';
import { Sysfs } from './sysfs.ts';
import type { Type1 } from './type1.ts';
import { wasProbed } from './vfio-probe.ts';

/** A write that would wait in the kernel until somebody lets go of a device. */
export interface BlockedWrite {
  readonly path: string;
  readonly text: string;
}

/**
 * A kernel that is not there: it answers every call as Linux would answer it on the host of an inventory, errno for
 * errno, and touches nothing. docs/simulation.md says what it leaves out.
 */
export class SimulatedKernel implements Kernel {
  readonly architecture: string;
  readonly #process: SimulatedHolder;
  readonly #host: SimHost;
  readonly #memory: AddressSpace;
  readonly #files = new FileTable();
  readonly #sysfs: Sysfs;
  readonly #container: ContainerIoctl;
  readonly #group: GroupIoctl;
  readonly #device: DeviceIoctl;
  readonly #deviceFile: DeviceFile;
  readonly #spaces = new Set<Type1>();
  readonly #blocked: BlockedWrite[] = [];

  /** @param beside another process on the host that this one runs on; left out, the host is made from the inventory. */
  constructor(inventory: HostInventory, options: SimulationOptions = {}, beside?: SimulatedKernel) {
    this.architecture = inventory.kernel.architecture;
    this.#process = options.process ?? { pid: 4242, command: 'vfio-compose' };
    this.#host = beside ? beside.#host : new SimHost(inventory, options);
    this.#memory = new AddressSpace(inventory, options, beside ? beside.#memory.pools : undefined);
    this.#sysfs = beside ? beside.#sysfs : new Sysfs(this.#host, this.#memory.pools);
    this.#container = containerIoctl(this.#host, this.#memory, (type1) => this.#spaces.add(type1));
    this.#group = groupIoctl(this.#host, this.#files);
    this.#device = deviceIoctl(this.#host, this.#files);
    this.#deviceFile = new DeviceFile(this.#host);
    if (beside) return;
    for (const device of this.#host.devices.values()) {
      if (device.driver !== null && isVfioDriver(device.driver)) wasProbed(this.#host, device);
    }
    for (const { id, node } of options.state?.groups ?? []) {
      const made = this.#host.groups.get(id)?.vfio?.node;
      if (made && node) Object.assign(made, node);
    }
  }

  open(path: string, _flags: OpenFlags): Fd {
    return this.#do('open', path, () => {
      if (path === '/dev/vfio/vfio') {
        this.#host.modules.openContainerNode();
        return this.#files.add({ kind: 'container', container: { groups: new Set(), noiommu: false, iommu: null } });
      }
      if (!path.startsWith('/dev/vfio/')) return refuse(this.#sysfs.exists(path) ? 'EACCES' : 'ENOENT');
      return this.#files.add({
        kind: 'group',
        group: openGroupFile(this.#host, groupOfNode(this.#host, path), this.#process),
      });
    });
  }

  close(fd: Fd): void {
    this.#do('close', 'fd', () => this.#closed(this.#files.remove(fd)));
  }

  ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number {
    return this.#do(request.name, request.fdKind, () => {
      const file = this.#files.get(fd);
      if (file.kind === 'container') return this.#container(file.container, request.number, argument);
      if (file.kind === 'group') return this.#group(file.group, request.number, argument);
      return file.kind === 'device' ? this.#device(file.device, request.number, argument) : refuse('ENOTTY');
    });
  }

  async ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number> {
    return this.ioctl(fd, request, argument);
  }

  pread(fd: Fd, length: number, offset: bigint): Buffer {
    return this.#do('pread', 'device', () => {
      const file = this.#files.get(fd);
      return file.kind === 'device' ? this.#deviceFile.read(file.device, length, offset) : refuse(unseekable(file));
    });
  }

  pwrite(fd: Fd, data: Buffer, offset: bigint): void {
    this.#do('pwrite', 'device', () => {
      const file = this.#files.get(fd);
      return file.kind === 'device' ? this.#deviceFile.write(file.device, data, offset) : refuse(unseekable(file));
    });
  }

  mmap(request: MmapRequest): bigint {
    return this.#do('mmap', mmapTarget(request), () => {
      // Looked at before anything else (arch/arm64/kernel/sys.c, arch/x86/kernel/sys_x86_64.c).
      if ((request.offset ?? 0n) % this.#host.pageSize !== 0n) return refuse('EINVAL');
      if (request.fd === null) return this.#memory.map(request, null);
      const file = this.#files.get(request.fd);
      if (file.kind === 'device') return this.#mapDevice(file.device, request.length, request.offset ?? 0n);
      return file.kind === 'memfd' ? this.#memory.map(request, file.memfd) : refuse('ENODEV');
    });
  }

  munmap(address: bigint, length: bigint): void {
    this.#do('munmap', 'memory', () => this.#memory.unmap(address, length));
  }

  eventfd(): Fd {
    return this.#files.add({ kind: 'eventfd', eventfd: newEventfd() });
  }

  memfdCreate(name: string, hugePageSize: bigint | null): Fd {
    return this.#do('memfd_create', name, () =>
      this.#files.add({ kind: 'memfd', memfd: this.#memory.createMemfd(hugePageSize) }),
    );
  }

  ftruncate(fd: Fd, size: bigint): void {
    this.#do('ftruncate', 'memfd', () => {
      const file = this.#files.get(fd);
      return file.kind === 'memfd' ? this.#memory.truncate(file.memfd, size) : refuse('EINVAL');
    });
  }

  setMemlockLimit(soft: bigint | null, hard: bigint | null): void {
    this.#do('setrlimit', 'RLIMIT_MEMLOCK', () => this.#memory.setLockLimit(soft, hard));
  }

  readlink(path: string): string {
    return this.#do('readlink', path, () => this.#sysfs.readlink(path));
  }

  readFile(path: string): string {
    return this.#do('read', path, () => this.#sysfs.read(path));
  }

  exists(path: string): boolean {
    return this.#sysfs.exists(path);
  }

  stat(path: string): { readonly uid: number; readonly gid: number; readonly mode: number } {
    return this.#do('stat', path, () => ({ ...this.#sysfs.node(path) }));
  }

  chown(path: string, uid: number, gid: number): void {
    this.#do('chown', path, () => Object.assign(this.#sysfs.node(path), { uid, gid }));
  }

  chmod(path: string, mode: number): void {
    this.#do('chmod', path, () => Object.assign(this.#sysfs.node(path), { mode: mode & 0o7777 }));
  }

  /**
   * An unbind that would wait for ever fails with ETIMEDOUT and is listed in {@link blocked}. As in the kernel it is
   * still under way: it is done when the last descriptor of the device is closed.
   */
  async writeFile(path: string, text: string): Promise<void> {
    this.#do('write', path, () => {
      if (this.#sysfs.write(path, text) === 'done') return;
      this.#blocked.push({ path, text });
      refuse('ETIMEDOUT');
    });
  }

  async spawn(command: string, args: readonly string[]): Promise<{ readonly status: number; readonly stderr: string }> {
    return this.#do('spawn', command, () => {
      if (command !== 'modprobe' && !command.endsWith('/modprobe')) return refuse('ENOENT');
      return modprobe(this.#host, args);
    });
  }

  async sleep(milliseconds: number): Promise<void> {
    this.#host.nowMs += Math.max(0, milliseconds);
  }

  /** Simulated milliseconds since the start. */
  get nowMs(): number {
    return this.#host.nowMs;
  }

  /** Writes that the kernel would still be waiting in, had they not been given up. */
  get blocked(): readonly BlockedWrite[] {
    return this.#blocked;
  }

  /** Another process on the same host: with files and memory of its own, and the same devices, groups and huge pages. */
  another(process: SimulatedHolder): SimulatedKernel {
    return new SimulatedKernel(this.#host.inventory, { process }, this);
  }

  /** The processes that have a group's node open, by the path of the node. */
  holders = (path: string): readonly SimulatedHolder[] => [groupOfNode(this.#host, path)?.vfio?.openedBy ?? []].flat();

  /** A device is pulled out. Nobody can open it any more; while somebody has it open the kernel waits. */
  unplug(address: string): void {
    unplug(this.#host, address);
  }

  /** A device that was pulled out comes back: without an override, and on the driver that matches it by its ids. */
  plug(address: string): void {
    plug(this.#host, address);
  }

  /** The process dies: every file is closed and all memory goes, as the kernel does it. Bindings stay. */
  kill(): void {
    this.#memory.clear();
    for (const [fd] of this.#files.entries()) this.close(fd);
  }

  /** The host as it is now. Equal to the inventory that it was made from when everything has come back. */
  toInventory(): HostInventory {
    return this.#host.toInventory(this.#memory.pools);
  }

  /** RLIMIT_MEMLOCK of the process, in bytes; null is no limit. */
  get lockLimits(): { readonly soft: bigint | null; readonly hard: bigint | null } {
    return this.#memory.lockLimits;
  }

  /** What the process still holds, one line each: files, mappings, memory. Empty after a clean way back. */
  leaks(): readonly string[] {
    return leaksOf(this.#files, this.#spaces, this.#memory);
  }

  /** What is known of a device on a VFIO driver; undefined while it is on none. */
  deviceState(address: string): DeviceState | undefined {
    return deviceState(this.#host.devices.get(address)?.vfio ?? null);
  }

  /** A platform device interrupts. Nothing happens while it is not open. */
  interrupt(address: string, index: number): void {
    const vfio = this.#host.devices.get(address)?.vfio;
    if (vfio?.kind === 'platform' && vfio.openCount > 0) vfio.interrupts.raise(index);
  }

  /** Writes to an eventfd, as whoever got it from this process would. */
  signal(eventfd: Fd): void {
    const file = this.#files.find(eventfd);
    if (file?.kind === 'eventfd') signal(file.eventfd);
  }

  /** How often an eventfd of this process was signalled. */
  signals(eventfd: Fd): number {
    const file = this.#files.find(eventfd);
    return file?.kind === 'eventfd' ? file.eventfd.signals : 0;
  }

  /** A mapping keeps the device open, as a descriptor does. */
  #mapDevice(device: VfioDevice, length: bigint, offset: bigint): bigint {
    this.#deviceFile.checkMapping(device, offset, length);
    return this.#memory.mapDevice(length, {
      take: () => (device.openCount += 1),
      drop: () => closeDevice(this.#host, device),
    });
  }

  #closed(file: OpenFile): void {
    if (file.kind === 'group') closeGroupFile(file.group);
    if (file.kind === 'device') closeDevice(this.#host, file.device);
    if (file.kind === 'eventfd') file.eventfd.isClosed = true;
    if (file.kind === 'memfd') this.#memory.release(file.memfd);
    for (const space of this.#spaces) if (space.isReleased) this.#spaces.delete(space);
  }

  #do<T>(call: string, target: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof Refusal) throw kernelError(call, target, error.code);
      throw error;
    }
  }
}

const unseekable = (file: OpenFile) => (file.kind === 'eventfd' || file.kind === 'memfd' ? 'ESPIPE' : 'EINVAL');

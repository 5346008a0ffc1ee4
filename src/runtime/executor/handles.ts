import { invariant } from '../../model/index.ts';
import type { Fd } from '../kernel/port.ts';
import type { Registers } from '../registers.ts';
import type { RegionInfo } from '../uapi/index.ts';

/** What a plan's handles stand for while it runs: file descriptors, addresses, and where a device's regions are. */
export class Handles {
  private readonly fds = new Map<string, Fd>();
  private readonly addresses = new Map<string, bigint>();
  private readonly buses = new Map<string, Registers['bus']>();
  private readonly regions = new Map<string, RegionInfo>();

  setFd(handle: string, fd: Fd): void {
    this.fds.set(handle, fd);
  }

  fd(handle: string): Fd {
    const fd = this.fds.get(handle);
    invariant(fd !== undefined, `${handle} is not open`);
    return fd;
  }

  has(handle: string): boolean {
    return this.fds.has(handle);
  }

  /** Forgets a descriptor; undefined where it is not open, as after a crash. */
  takeFd(handle: string): Fd | undefined {
    const fd = this.fds.get(handle);
    this.fds.delete(handle);
    return fd;
  }

  setAddress(handle: string, address: bigint): void {
    this.addresses.set(handle, address);
  }

  address(handle: string): bigint {
    const address = this.addresses.get(handle);
    invariant(address !== undefined, `${handle} is not allocated`);
    return address;
  }

  /** Of an open device. */
  setBus(device: string, bus: Registers['bus']): void {
    this.buses.set(device, bus);
  }

  bus(device: string): Registers['bus'] {
    const bus = this.buses.get(device);
    invariant(bus !== undefined, `the bus of ${device} is not known`);
    return bus;
  }

  setRegion(device: string, region: RegionInfo): void {
    this.regions.set(`${device}/${region.index}`, region);
  }

  region(device: string, index: number): RegionInfo {
    const region = this.regions.get(`${device}/${index}`);
    invariant(region !== undefined, `region ${index} of ${device} is not known`);
    return region;
  }

  /** The open descriptors by handle: what a supervisor hands on. */
  entries(): IterableIterator<[string, Fd]> {
    return this.fds.entries();
  }
}

import { invariant } from '../../model/index.ts';
import type { Fd } from '../kernel/port.ts';

/** What a plan's handles stand for while it runs: file descriptors, addresses, and where a device's regions are. */
export class Handles {
  private readonly fds = new Map<string, Fd>();
  private readonly addresses = new Map<string, bigint>();
  private readonly regionOffsets = new Map<string, bigint>();

  setFd(handle: string, fd: Fd): void {
    this.fds.set(handle, fd);
  }

  fd(handle: string): Fd {
    const fd = this.fds.get(handle);
    invariant(fd !== undefined, `${handle} is not open`);
    return fd;
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

  setRegionOffset(device: string, index: number, offset: bigint): void {
    this.regionOffsets.set(`${device}/${index}`, offset);
  }

  regionOffset(device: string, index: number): bigint {
    const offset = this.regionOffsets.get(`${device}/${index}`);
    invariant(offset !== undefined, `region ${index} of ${device} is not known`);
    return offset;
  }

  /** The open descriptors by handle: what a supervisor hands on. */
  entries(): IterableIterator<[string, Fd]> {
    return this.fds.entries();
  }
}

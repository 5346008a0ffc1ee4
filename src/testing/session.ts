import type { HostInventory } from '../model/index.ts';
import { bytes, iova } from '../model/index.ts';
import { SimulatedKernel, type SimulationOptions } from '../runtime/kernel/sim/index.ts';
import * as uapi from '../runtime/uapi/index.ts';

const MEBIBYTE = 1n << 20n;

/** Short names for what tests of the simulated kernel do over and over. */
export class Session {
  readonly kernel: SimulatedKernel;

  constructor(inventory: HostInventory, options: SimulationOptions = {}) {
    this.kernel = new SimulatedKernel(inventory, options);
  }

  /** Override, unbind, bind: the device goes to vfio-pci. */
  async take(address: string, driver = 'vfio-pci'): Promise<void> {
    const device = `/sys/bus/pci/devices/${address}`;
    await this.kernel.writeFile(`${device}/driver_override`, `${driver}\n`);
    if (this.kernel.exists(`${device}/driver`)) await this.kernel.writeFile(`${device}/driver/unbind`, address);
    await this.kernel.writeFile(`/sys/bus/pci/drivers/${driver}/bind`, address);
  }

  /** The way back to a host driver. */
  async giveBack(address: string, driver: string): Promise<void> {
    const device = `/sys/bus/pci/devices/${address}`;
    await this.kernel.writeFile(`${device}/driver/unbind`, address);
    await this.kernel.writeFile(`${device}/driver_override`, '\n');
    await this.kernel.writeFile(`/sys/bus/pci/drivers/${driver}/bind`, address);
  }

  container(): number {
    return this.kernel.open('/dev/vfio/vfio', 'read-write');
  }

  group(id: number): number {
    return this.kernel.open(`/dev/vfio/${id}`, 'read-write');
  }

  /** A container with these groups and its IOMMU set. */
  joined(groups: readonly number[], type: 'type1' | 'type1v2' = 'type1v2'): { container: number; groups: number[] } {
    const container = this.container();
    const fds = groups.map((id) => this.group(id));
    for (const fd of fds) uapi.setContainer(this.kernel, fd, container);
    uapi.setIommu(this.kernel, container, type);
    return { container, groups: fds };
  }

  memory(size: bigint = MEBIBYTE): bigint {
    return this.kernel.mmap({ length: size, hugePageSize: null, fd: null });
  }

  map(container: number, vaddr: bigint, at: bigint, size: bigint): void {
    uapi.mapDma(this.kernel, container, { vaddr, iova: iova(at), size: bytes(size), read: true, write: true });
  }

  unmap(container: number, at: bigint, size: bigint): bigint {
    return uapi.unmapDma(this.kernel, container, iova(at), bytes(size));
  }
}

/** The errno of a call that must fail; says so where it does not. */
export function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  return 'no failure';
}

/** The same for a call that takes its time. */
export async function errnoOfLater(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return errnoOf(() => {
      throw error;
    });
  }
  return 'no failure';
}

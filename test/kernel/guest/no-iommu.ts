import { LinuxKernel } from '../../../src/runtime/kernel/linux/index.ts';
import { platformLink, type TreeBus } from './platform.ts';
import * as vfio from './vfio.ts';

/** `VFIO_NOIOMMU_IOMMU`: the type of a container whose devices nothing isolates. */
const NO_IOMMU = 8;

/** The node of a device's group. Its name says that nothing isolates it. */
export function noIommuNode(bus: TreeBus, name: string): string {
  const group = platformLink(bus, name, 'iommu_group');
  if (group === undefined) throw new Error(`${name} has no group: it is not bound to VFIO`);
  return `noiommu-${group}`;
}

/** The registers of an open device: those of its first region. */
export class Registers {
  readonly info: vfio.DeviceInfo;

  constructor(
    readonly kernel: LinuxKernel,
    readonly fd: number,
  ) {
    this.info = vfio.deviceInfo(fd);
  }

  /** Reads a register by one pread of its width. */
  read(register: number, width: 1 | 2 | 4 = 4): number {
    return this.kernel.pread(this.fd, width, this.#at(register)).readUIntLE(0, width);
  }

  /** Writes a 32-bit register by one pwrite. */
  write(register: number, value: number): void {
    const data = Buffer.alloc(4);
    data.writeUInt32LE(value);
    this.kernel.pwrite(this.fd, data, this.#at(register));
  }

  #at(register: number): bigint {
    const [region] = this.info.regions;
    if (!region) throw new Error('the device has no region');
    return BigInt(region.offset) + BigInt(register);
  }
}

/** A device that the test itself has opened without an IOMMU. */
export class OpenDevice extends Registers {
  private constructor(
    kernel: LinuxKernel,
    device: number,
    /** The group and the container. */
    private readonly others: readonly number[],
  ) {
    super(kernel, device);
  }

  /** Opens a device that is bound to VFIO: container, group, device. Throws with the call that was refused. */
  static async open(bus: TreeBus, name: string): Promise<OpenDevice> {
    const kernel = await LinuxKernel.load();
    const container = vfio.openContainer();
    const group = vfio.openGroup(noIommuNode(bus, name));
    if (vfio.checkExtension(container, NO_IOMMU).value !== 1) throw new Error('the kernel has no no-IOMMU mode');
    vfio.succeed('SET_CONTAINER', vfio.setContainer(group, container));
    vfio.succeed('SET_IOMMU', vfio.setIommu(container, NO_IOMMU));
    const device = vfio.succeed('GET_DEVICE_FD', vfio.deviceFd(group, name));
    return new OpenDevice(kernel, device, [group, container]);
  }

  close(): void {
    for (const fd of [this.fd, ...this.others]) vfio.close(fd);
  }
}

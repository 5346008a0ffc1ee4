import { kernelError } from '../../../src/runtime/kernel/errno.ts';
import type { Fd, IoctlRequest, Kernel, MmapRequest, OpenFlags } from '../../../src/runtime/kernel/port.ts';
import { LOOSE, PCI, PF, USB } from '../../../src/testing/every-step.ts';
import { answerIoctl } from './answers.ts';

/**
 * A kernel that answers each call of `everyStep` as a host would on which all goes well, for any architecture. It is no
 * model of a kernel; it is there so that both runtimes are given the same answers. Addresses fit 32 bits.
 */
export class AnsweringKernel implements Kernel {
  readonly #drivers = new Map<string, string>([
    [PCI, 'e1000e'],
    [PF, 'igb'],
    [USB, 'vfio-platform'],
    [LOOSE, 'vfio-platform'],
  ]);
  readonly #overrides = new Map<string, string>();
  readonly #registers = new Map<bigint, number>();
  readonly #node = { uid: 0, gid: 0, mode: 0o600 };
  readonly #pci = new Set<Fd>();
  /** Attributes that are numbers, by the end of their path. */
  readonly #numbers = new Map([
    ['nr_hugepages', '3'],
    ['sriov_drivers_autoprobe', '1'],
    ['sriov_numvfs', '0'],
  ]);
  #parameter = 'N';
  #modules = 0;
  #nodeLooks = 0;
  #counter = 0;
  #fds = 2;
  #memory = 0x1000_0000n;

  readonly #unplugged = new Set<string>();

  constructor(readonly architecture: string) {}

  /** Somebody pulls a device out. */
  unplug(address: string): void {
    this.#unplugged.add(address);
    this.#drivers.delete(address);
  }
  /** Somebody binds a device to another driver; undefined takes it from its driver. */
  rebind(address: string, driver: string | undefined): void {
    if (driver === undefined) this.#drivers.delete(address);
    else this.#drivers.set(address, driver);
  }
  /** Somebody sets the override of a device. */
  override(address: string, driver: string): void {
    this.#overrides.set(address, driver);
  }

  open(_path: string, _flags: OpenFlags): Fd {
    return ++this.#fds;
  }
  close(_fd: Fd): void {}
  ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number {
    if (request.name !== 'VFIO_GROUP_GET_DEVICE_FD') {
      return answerIoctl(this.architecture, request.name, argument, this.#pci.has(fd) ? 'pci' : 'platform');
    }
    this.#fds += 1;
    if (Buffer.isBuffer(argument) && argument.toString().startsWith(PCI)) this.#pci.add(this.#fds);
    return this.#fds;
  }
  ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number> {
    return Promise.resolve().then(() => this.ioctl(fd, request, argument));
  }
  pread(_fd: Fd, length: number, offset: bigint): Buffer {
    // A register that counts how often it was read, in all of its bytes.
    if ((offset & 0xfffn) === 8n) return Buffer.alloc(length, Math.min(++this.#counter, 0x20));
    return Buffer.from(Array.from({ length }, (_, i) => this.#registers.get(offset + BigInt(i)) ?? 0));
  }
  pwrite(_fd: Fd, data: Buffer, offset: bigint): void {
    data.forEach((byte, i) => this.#registers.set(offset + BigInt(i), byte));
  }
  mmap({ length }: MmapRequest): bigint {
    const address = this.#memory;
    this.#memory += length;
    return address;
  }
  munmap(): void {}
  eventfd(): Fd {
    return ++this.#fds;
  }
  memfdCreate(): Fd {
    return ++this.#fds;
  }
  ftruncate(): void {}
  setMemlockLimit(): void {}

  readlink(path: string): string {
    const address = this.#there(path, 'readlink');
    // A device that is not silent keeps the other one of its group back.
    if (path.endsWith('/iommu_group')) return `../../kernel/iommu_groups/${address === LOOSE ? 9 : 6}`;
    const vf = /\/virtfn(\d)$/.exec(path)?.[1];
    if (vf !== undefined) return `../0000:02:10.${vf}`;
    const driver = this.#drivers.get(address);
    if (driver === undefined) throw kernelError('readlink', path, 'ENOENT');
    return `../../bus/drivers/${driver}`;
  }
  readFile(path: string): string {
    if (path.includes('/parameters/')) return `${this.#parameter}\n`;
    const number = this.#numbers.get(lastOf(path));
    if (number !== undefined) return `${number}\n`;
    return `${this.#overrides.get(this.#there(path, 'read')) ?? '(null)'}\n`;
  }
  exists(path: string): boolean {
    if (path.startsWith('/sys/module/')) return this.#modules > 0;
    if (this.#unplugged.has(deviceOf(path))) return false;
    // udev takes its time for the node.
    return path !== '/dev/vfio/6' || ++this.#nodeLooks > 2;
  }
  stat(): { readonly uid: number; readonly gid: number; readonly mode: number } {
    return { ...this.#node };
  }
  chown(_path: string, uid: number, gid: number): void {
    Object.assign(this.#node, { uid, gid });
  }
  chmod(_path: string, mode: number): void {
    Object.assign(this.#node, { mode });
  }
  writeFile(path: string, text: string): Promise<void> {
    const [, driver = '', file] = /\/drivers\/([^/]+)\/(bind|unbind)$/.exec(path) ?? [];
    if (file !== undefined && this.#unplugged.has(text)) return Promise.reject(kernelError('write', path, 'ENODEV'));
    if (file === 'bind') this.#drivers.set(text, driver);
    else if (file === 'unbind') this.#drivers.delete(text);
    else if (path.includes('/parameters/')) this.#parameter = text;
    else if (this.#numbers.has(lastOf(path))) this.#numbers.set(lastOf(path), text);
    else if (text.trim() === '') this.#overrides.delete(deviceOf(path));
    else this.#overrides.set(deviceOf(path), text.trim());
    return Promise.resolve();
  }
  /** The device of a path below its directory, which is gone with it. */
  #there(path: string, call: string): string {
    const address = deviceOf(path);
    if (this.#unplugged.has(address)) throw kernelError(call, path, 'ENOENT');
    return address;
  }
  spawn(): Promise<{ readonly status: number; readonly stderr: string }> {
    this.#modules += 1;
    return Promise.resolve({ status: 0, stderr: '' });
  }
  sleep(): Promise<void> {
    return Promise.resolve();
  }
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const deviceOf = (path: string): string => /\/devices\/([^/]+)\//.exec(path)?.[1] ?? '';

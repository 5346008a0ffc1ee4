import { endianness, machine } from 'node:os';
import { bytes } from '../../model/index.ts';
import type { HostInventory, HugePagePool } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/** AT_PAGESZ and the end mark of include/uapi/linux/auxvec.h. */
const AT_PAGESZ = 6n;
const AT_NULL = 0n;
/** Bits of capabilities, include/uapi/linux/capability.h. */
const CAP_IPC_LOCK = 14n;
const CAP_SYS_RESOURCE = 24n;
const ASSUMED_PAGE_SIZE = 4096;

export function readKernel(files: HostFiles): HostInventory['kernel'] {
  return {
    release: files.attribute(HostPath.release) || 'unknown',
    // Kernels before 6.1 have no such file; the C library then asks uname(2).
    architecture: files.attribute(HostPath.machine) || machine(),
    pageSize: pageSizeIn(files.bytes(HostPath.auxiliaryVector, 0, 4096), process.arch) ?? ASSUMED_PAGE_SIZE,
  };
}

/** The page size in an auxiliary vector: pairs of words, as wide as the processor's. */
export function pageSizeIn(vector: Buffer | null, arch: string): number | null {
  if (vector === null) return null;
  const word = arch === 'arm' || arch === 'ia32' || arch === 'mips' || arch === 'mipsel' || arch === 'ppc' ? 4 : 8;
  const little = endianness() === 'LE';
  const read = (at: number): bigint => {
    if (word === 4) return BigInt(little ? vector.readUInt32LE(at) : vector.readUInt32BE(at));
    return little ? vector.readBigUInt64LE(at) : vector.readBigUInt64BE(at);
  };
  for (let at = 0; at + 2 * word <= vector.length; at += 2 * word) {
    const key = read(at);
    if (key === AT_NULL) return null;
    if (key === AT_PAGESZ) return Number(read(at + word));
  }
  return null;
}

/** What this process may lock: the limit that pinned DMA memory counts against, and whether it binds us at all. */
export function readLimits(files: HostFiles): HostInventory['limits'] {
  const line = /^Max locked memory\s+(\d+|unlimited)\s+(\d+|unlimited)\s/m.exec(files.text(HostPath.limits) ?? '');
  const limit = (text: string | undefined) => (text === undefined || text === 'unlimited' ? null : bytes(BigInt(text)));
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(files.text(HostPath.status) ?? '')?.[1] ?? '0';
  const may = (capability: bigint) => ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
  return {
    memlock: limit(line?.[1]),
    mayLockAnything: may(CAP_IPC_LOCK),
    memlockHard: limit(line?.[2]),
    mayRaiseLimits: may(CAP_SYS_RESOURCE),
  };
}

/** What of the host's memory is to be had; nothing where the kernel does not say. */
export function readMemory(files: HostFiles): Pick<HostInventory, 'memoryAvailable'> {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(files.text(HostPath.memory) ?? '')?.[1];
  return kilobytes === undefined ? {} : { memoryAvailable: bytes(BigInt(kilobytes) << 10n) };
}

export function readHugePages(files: HostFiles): HugePagePool[] {
  const pools: HugePagePool[] = [];
  for (const name of files.names(HostPath.hugePages)) {
    const kilobytes = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    if (kilobytes === undefined) continue;
    const read = (file: string) => files.number(`${HostPath.hugePages}/${name}/${file}`) ?? 0;
    // A reserved page is still free until it is touched, but promised to somebody.
    const free = Math.max(0, read('free_hugepages') - read('resv_hugepages'));
    pools.push({ size: bytes(BigInt(kilobytes) * 1024n), total: read('nr_hugepages'), free });
  }
  return pools;
}

export function readVfio(files: HostFiles): HostInventory['vfio'] {
  return {
    container: files.exists(`${HostPath.vfioNodes}/vfio`),
    iommufd: files.exists(HostPath.iommufdNode),
  };
}

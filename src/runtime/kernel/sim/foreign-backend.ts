import { invariant } from '../../../model/invariant.ts';
import type { SimulatedIommu, SimulatedProcess } from '../../../model/plugin/simulation.ts';
import { abiOf } from '../../uapi/abi.ts';
import { GET_API_VERSION } from '../../uapi/get-api-version.ts';
import { viewOf } from '../../uapi/struct.ts';
import { ERRNO, type ErrnoName } from '../errno.ts';
import type { AddressSpace } from './address-space.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { IommuBackend } from './state.ts';

/** Puts a backend that is not of the mainline kernel behind a container: from bytes to what its model is asked, and back. */
export function foreignBackend(
  make: (process: SimulatedProcess) => SimulatedIommu,
  host: SimHost,
  memory: AddressSpace,
): IommuBackend {
  const { architecture } = host.inventory.kernel;
  const base = GET_API_VERSION.request(architecture).number;
  const iommu = make(processOf(host, memory));
  return {
    attach(group) {
      const errno = iommu.attach(group.info.id);
      if (errno !== null) refuse(errnoOf(errno));
    },
    detach: (group) => iommu.detach(group.info.id),
    release: () => iommu.release(),
    checkExtension: (extension) => iommu.checkExtension(extension),
    ioctl(number, argument) {
      const answer = iommu.ioctl(number - base, Buffer.isBuffer(argument) ? viewOf(argument) : argument);
      return typeof answer === 'object' ? refuse(errnoOf(answer.errno)) : answer;
    },
  };
}

function processOf({ inventory, pageSize }: SimHost, memory: AddressSpace): SimulatedProcess {
  const { architecture } = inventory.kernel;
  const pages = (size: bigint): bigint => (size + pageSize - 1n) / pageSize;
  return {
    architecture,
    littleEndian: abiOf(architecture).littleEndian,
    hasMemory: (vaddr, size, least = 0n) => memory.holds(vaddr, size, least),
    lock: (size) => memory.charge(pages(size)),
    unlock: (size) => memory.unpin(pages(size)),
  };
}

function errnoOf(name: string): ErrnoName {
  invariant(name in ERRNO, `a simulated IOMMU answers ${name}, which is no errno`);
  return name as ErrnoName;
}

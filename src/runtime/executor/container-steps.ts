import { formatBytes, hex, type IovaRange, type StepOf } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';
import {
  API_VERSION,
  checkExtension,
  containerIoctl,
  getApiVersion,
  getGroupStatus,
  getIommuInfo,
  mapDma,
  mapDmaLong,
  setContainer,
  setIommu,
  unmapDma,
  unmapDmaLong,
  unsetContainer,
} from '../uapi/index.ts';
import { UnexpectedAnswer } from './failure.ts';
import type { Handles } from './handles.ts';
import { groupOf, noiommuNode } from './sysfs.ts';

export function openContainer(kernel: Kernel, handles: Handles, step: StepOf<'open-container'>): void {
  handles.setFd(step.handle, kernel.open('/dev/vfio/vfio', 'read-write'));
}

export function checkApiVersion(kernel: Kernel, handles: Handles, step: StepOf<'check-api-version'>): void {
  const version = getApiVersion(kernel, handles.fd(step.container));
  if (version !== API_VERSION)
    throw new UnexpectedAnswer(`the kernel speaks VFIO API version ${version}, not ${API_VERSION}`);
}

export function checkExtensionStep(kernel: Kernel, handles: Handles, step: StepOf<'check-extension'>): void {
  if (checkExtension(kernel, handles.fd(step.container), step.extension) === 0) {
    throw new UnexpectedAnswer(
      `the kernel does not offer the IOMMU model ${step.type} (extension ${step.extension}): its module is not loaded, or it was built without, or its mode is off`,
    );
  }
}

export function openGroup(kernel: Kernel, handles: Handles, step: StepOf<'open-group'>): void {
  handles.setFd(step.handle, kernel.open(`/dev/vfio/${step.group}`, 'read-write'));
}

/** The group of no-IOMMU mode gets its number when the device is bound, so its node is known only now. */
export function openNoiommuGroup(kernel: Kernel, handles: Handles, step: StepOf<'open-noiommu-group'>): void {
  const group = groupOf(kernel, step.device);
  if (group === null) throw new UnexpectedAnswer(`${step.device.address} has no group: it is not bound to VFIO`);
  handles.setFd(step.handle, kernel.open(noiommuNode(group), 'read-write'));
}

export function checkGroupViable(kernel: Kernel, handles: Handles, step: StepOf<'check-group-viable'>): void {
  const { viable, containerSet } = getGroupStatus(kernel, handles.fd(step.groupHandle));
  if (!viable) {
    throw new UnexpectedAnswer(
      `${step.groupHandle} is not viable: a member is bound to a host driver. "vfio-compose inspect groups" shows which`,
    );
  }
  if (containerSet) throw new UnexpectedAnswer(`${step.groupHandle} is in a container already`);
}

export function setContainerStep(kernel: Kernel, handles: Handles, step: StepOf<'set-container'>): void {
  setContainer(kernel, handles.fd(step.groupHandle), handles.fd(step.container));
}

/** A group that has lost its last device meanwhile, to somebody else or by being unplugged, is in no container any more. */
export function unsetContainerStep(kernel: Kernel, handles: Handles, step: StepOf<'unset-container'>): void {
  try {
    unsetContainer(kernel, handles.fd(step.groupHandle));
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== 'EINVAL') throw error;
  }
}

export function setIommuStep(kernel: Kernel, handles: Handles, step: StepOf<'set-iommu'>): void {
  setIommu(kernel, handles.fd(step.container), step.extension);
}

/** An ioctl that a plugin describes; what it must come to is in the step. */
export function containerIoctlStep(kernel: Kernel, handles: Handles, step: StepOf<'container-ioctl'>): void {
  const request = { name: step.request, number: step.number };
  const { returned, values } = containerIoctl(kernel, handles.fd(step.container), request, step.fields);
  const least = step.atLeast ?? 0;
  if (step.atLeast === undefined ? returned !== 0 : returned < least) {
    throw new UnexpectedAnswer(
      `${step.request} on ${step.container} returned ${returned}; the plan needs ${step.atLeast === undefined ? '0' : `at least ${least}`}`,
    );
  }
  step.fields.forEach((field, index) => {
    const value = values[index];
    if (field.expect === undefined || value === field.expect || value === undefined) return;
    throw new UnexpectedAnswer(
      `${step.request} on ${step.container} left ${hex(value)} in ${field.name}; the plan needs ${hex(field.expect)}`,
    );
  });
}

export function checkIommuInfo(kernel: Kernel, handles: Handles, step: StepOf<'check-iommu-info'>): void {
  const info = getIommuInfo(kernel, handles.fd(step.container));
  // A page of the plan is a multiple of any smaller page of the IOMMU.
  const smallest = info.pageSizes & -info.pageSizes;
  if (info.pageSizes !== 0n && smallest > step.pageSize) {
    throw new UnexpectedAnswer(
      `the smallest page of the IOMMU is ${formatBytes(smallest)}, the plan maps ${formatBytes(step.pageSize)}`,
    );
  }
  if (info.mappingsLeft !== null && info.mappingsLeft < step.mappings) {
    throw new UnexpectedAnswer(`the container has ${info.mappingsLeft} mappings left, the plan makes ${step.mappings}`);
  }
  const { ranges } = info;
  if (ranges === null) return;
  for (const wanted of step.ranges) {
    if (!ranges.some((valid) => valid.first <= wanted.first && wanted.last <= valid.last)) {
      throw new UnexpectedAnswer(
        `${show(wanted)} is not inside what the IOMMU can map: ${ranges.map(show).join(', ')}`,
      );
    }
  }
}

const show = (range: IovaRange): string => `${hex(range.first)}-${hex(range.last)}`;

/** Above this, pinning takes long enough that signals should be served meanwhile: about 0.1 s. */
const LONG_CALL_BYTES = 256n << 20n;

export function mapDmaStep(kernel: Kernel, handles: Handles, step: StepOf<'map-dma'>): Promise<void> | undefined {
  const container = handles.fd(step.container);
  const mapping = {
    vaddr: handles.address(step.memory) + step.offset,
    iova: step.iova,
    size: step.size,
    read: step.access !== 'write',
    write: step.access !== 'read',
  };
  if (step.size > LONG_CALL_BYTES) return mapDmaLong(kernel, container, mapping);
  mapDma(kernel, container, mapping);
  return undefined;
}

export function unmapDmaStep(kernel: Kernel, handles: Handles, step: StepOf<'unmap-dma'>): Promise<void> | undefined {
  const container = handles.fd(step.container);
  if (step.size > LONG_CALL_BYTES) {
    return unmapDmaLong(kernel, container, step.iova, step.size).then((unmapped) => checkUnmapped(step, unmapped));
  }
  checkUnmapped(step, unmapDma(kernel, container, step.iova, step.size));
  return undefined;
}

function checkUnmapped(step: StepOf<'unmap-dma'>, unmapped: bigint): void {
  if (unmapped === step.size) return;
  throw new UnexpectedAnswer(
    `the kernel unmapped ${formatBytes(unmapped)}, the plan had mapped ${formatBytes(step.size)}`,
  );
}

import { CHECK_EXTENSION, EXTENSION } from '../../uapi/check-extension.ts';
import { API_VERSION, GET_API_VERSION } from '../../uapi/get-api-version.ts';
import { SET_IOMMU } from '../../uapi/set-iommu.ts';
import type { AddressSpace } from './address-space.ts';
import { foreignBackend } from './foreign-backend.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { Container, IommuBackend, SimGroup } from './state.ts';
import { Type1 } from './type1.ts';
import { type1Backend, type1Extension } from './type1-ioctl.ts';
import { noiommuBackend, noiommuExtension } from './noiommu.ts';

export type ContainerIoctl = (container: Container, number: number, argument: Buffer | number | null) => number;

/** The ioctls of a container's descriptor (drivers/vfio/container.c). `made` is told of every address space. */
export function containerIoctl(host: SimHost, memory: AddressSpace, made: (type1: Type1) => void): ContainerIoctl {
  const { architecture } = host.inventory.kernel;
  const version = GET_API_VERSION.request(architecture).number;
  const check = CHECK_EXTENSION.request(architecture).number;
  const set = SET_IOMMU.request(architecture).number;
  return (container, number, argument) => {
    const value = typeof argument === 'number' ? argument : 0;
    if (number === version) return API_VERSION;
    if (number === check) return checkExtension(host, container, value);
    if (number === set) return setIommu(host, memory, container, value, made);
    if (!container.iommu) return refuse('EINVAL');
    return container.iommu.ioctl(number, argument) ?? refuse('ENOTTY');
  };
}

const hasType1 = (host: SimHost): boolean => host.modules.isPresent('vfio_iommu_type1');

function checkExtension(host: SimHost, container: Container, extension: number): number {
  if (container.iommu) return container.iommu.checkExtension(extension);
  // A container with groups asks those backends only that may serve them.
  const any = container.groups.size === 0;
  const real = any || !container.noiommu ? realExtension(host, extension) : 0;
  return real > 0 || !(any || container.noiommu) ? real : noiommuExtension(host, extension);
}

/** Of the backends that translate: those that this host's kernel has besides type 1, and type 1. */
function realExtension(host: SimHost, extension: number): number {
  if (host.options.backends?.has(extension)) return 1;
  return hasType1(host) ? type1Extension(host.behaviour, extension, false) : 0;
}

function setIommu(
  host: SimHost,
  memory: AddressSpace,
  container: Container,
  type: number,
  made: (type1: Type1) => void,
): number {
  if (container.groups.size === 0 || container.iommu) refuse('EINVAL');
  if (container.noiommu) {
    if (noiommuExtension(host, type) === 0) refuse('ENODEV');
    if (!host.mayRawIo) refuse('EPERM');
    container.iommu = noiommuBackend(host);
    return 0;
  }
  const foreign = host.options.backends?.get(type);
  if (foreign) {
    const backend = foreignBackend(foreign, host, memory);
    attachAll(container, backend);
    container.iommu = backend;
    return 0;
  }
  if (!hasType1(host) || type1Extension(host.behaviour, type, false) === 0) refuse('ENODEV');
  // An extension that is not a type passes the backend's check and is refused by its open.
  const nesting = type === EXTENSION.nesting && canNest(host);
  if (type !== EXTENSION.type1 && type !== EXTENSION.type1v2 && !nesting) refuse('EINVAL');
  const type1 = new Type1(host, memory, type !== EXTENSION.type1);
  const backend = type1Backend(type1, host.inventory.kernel.architecture, host.behaviour);
  attachAll(container, backend);
  container.iommu = backend;
  made(type1);
  return 0;
}

/**
 * Drivers that let a domain be made for nesting: those that have `enable_nesting`, by the sources of 6.1 the two for SMMUs alone
 * (drivers/iommu/arm). With the others `iommu_enable_nesting` is EINVAL.
 */
const canNest = (host: SimHost): boolean =>
  host.inventory.iommu.units.some(({ kind }) => kind === 'smmu-v3' || kind === 'smmu-v2');

/** Groups are attached the last one first: the kernel puts a new group at the head of its list. */
function attachAll(container: Container, backend: IommuBackend): void {
  const attached: SimGroup[] = [];
  for (const { group } of [...container.groups].reverse()) {
    if (!group) continue;
    try {
      backend.attach(group);
      attached.push(group);
    } catch (error) {
      for (const other of attached.reverse()) backend.detach(other);
      throw error;
    }
  }
}

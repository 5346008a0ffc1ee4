import { EXTENSION } from '../../uapi/check-extension.ts';
import type { SimHost } from './host.ts';
import type { IommuBackend, SimDevice, SimGroup } from './state.ts';

/** Whether VFIO takes devices without an IOMMU now. Kernels built without the mode have no such parameter. */
export const isNoiommuOn = (host: SimHost): boolean =>
  host.modules.parameter('vfio', 'enable_unsafe_noiommu_mode') === 'Y';

/**
 * Makes up a group for a device, with the lowest number that is free (`vfio_noiommu_group_alloc` in drivers/vfio/group.c,
 * `iommu_group_alloc` in drivers/iommu/iommu.c).
 */
export function makeNoiommuGroup(host: SimHost, device: SimDevice): SimGroup {
  let id = 0;
  while (host.groups.has(id)) id += 1;
  const info = { id, type: 'unknown', reservedRegions: [], node: null, openedBy: [] };
  const group: SimGroup = { info, noiommu: true, members: [device], vfio: null, owner: null };
  host.groups.set(id, group);
  return group;
}

/** VFIO_CHECK_EXTENSION as no-IOMMU mode answers it: the mode can be turned off again (`vfio_noiommu_ioctl`). */
export const noiommuExtension = (host: SimHost, extension: number): number =>
  extension === EXTENSION.noiommu && isNoiommuOn(host) ? 1 : 0;

/** Behind a container of no-IOMMU groups there is nothing: no mappings, no information, no limits (drivers/vfio/container.c). */
export const noiommuBackend = (host: SimHost): IommuBackend => ({
  attach: () => undefined,
  detach: () => undefined,
  release: () => undefined,
  ioctl: () => undefined,
  checkExtension: (extension) => noiommuExtension(host, extension),
});

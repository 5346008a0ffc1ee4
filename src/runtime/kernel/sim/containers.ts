import { isViable } from './viability.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { Container, SimGroup, VfioGroup } from './state.ts';

/** Takes the DMA of a group for user space (`iommu_group_claim_dma_owner`). */
function claim(host: SimHost, group: SimGroup, owner: VfioGroup): void {
  if (group.owner || !isViable(group)) refuse('EPERM');
  const direct = group.info.reservedRegions.some((region) => region.type === 'direct');
  if (direct && host.behaviour.directRegionsRefuseOwner) refuse('EINVAL');
  group.owner = owner;
}

/** VFIO_GROUP_SET_CONTAINER on a group that is in none (`vfio_container_attach_group`). */
export function attachContainer(host: SimHost, vfio: VfioGroup, container: Container): void {
  const { group } = vfio;
  if (!group) return refuse('ENODEV');
  if (group.noiommu && !host.mayRawIo) refuse('EPERM');
  // Real groups and made-up ones do not mix.
  if (container.groups.size > 0 && container.noiommu !== group.noiommu) refuse('EPERM');
  if (!group.noiommu) claim(host, group, vfio);
  try {
    container.iommu?.attach(group);
  } catch (error) {
    group.owner = null;
    throw error;
  }
  vfio.container = container;
  container.noiommu = group.noiommu;
  container.groups.add(vfio);
}

/** The group leaves its container; with the last one the container loses its IOMMU (`vfio_group_detach_container`). */
export function detachContainer(vfio: VfioGroup): void {
  const { container, group } = vfio;
  if (!container) return;
  if (group) {
    container.iommu?.detach(group);
    group.owner = null;
  }
  vfio.container = null;
  container.groups.delete(vfio);
  if (container.groups.size === 0) {
    container.iommu?.release();
    container.iommu = null;
  }
}

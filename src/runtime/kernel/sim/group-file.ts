import { detachContainer } from './containers.ts';
import type { SimHost } from './host.ts';
import type { SimulatedHolder } from './options.ts';
import { refuse } from './refusal.ts';
import type { SimGroup, VfioGroup } from './state.ts';

/** The VFIO side of a group whose node udev has made; undefined where there is no node. */
export function groupWithNode(host: SimHost, group: SimGroup | undefined): VfioGroup | undefined {
  const vfio = group?.vfio;
  return vfio && vfio.nodeSinceMs <= host.nowMs ? vfio : undefined;
}

/** The group that a path below /dev/vfio names: `17`, `noiommu-0`. */
export function groupOfNode(host: SimHost, path: string): SimGroup | undefined {
  const [, made, id] = /^\/dev\/vfio\/(noiommu-)?(\d{1,10})$/.exec(path) ?? [];
  const group = id === undefined ? undefined : host.groups.get(Number(id));
  return group?.noiommu === (made !== undefined) ? group : undefined;
}

/** open(2) of a group's node: one opener at a time, here or in another process. */
export function openGroupFile(host: SimHost, group: SimGroup | undefined, by: SimulatedHolder): VfioGroup {
  const vfio = groupWithNode(host, group);
  if (!vfio || !group) return refuse('ENOENT');
  if (group.noiommu && !host.mayRawIo) refuse('EPERM');
  if (vfio.fileRefs > 0 || group.info.openedBy.length > 0) refuse('EBUSY');
  vfio.fileRefs = 1;
  vfio.openedBy = by;
  return vfio;
}

/** A reference to the open group went: its descriptor, or a device of it. The last one takes it out of its container. */
export function closeGroupFile(vfio: VfioGroup): void {
  vfio.fileRefs -= 1;
  if (vfio.fileRefs > 0) return;
  vfio.openedBy = null;
  detachContainer(vfio);
}

import { posix } from 'node:path';
import type { DeviceRef, DeviceUse } from '../../model/index.ts';
import { noiommuNode, sysfs } from '../executor/sysfs.ts';
import type { HostFiles } from '../inventory/host-files.ts';
import { type FoundUse, readFileUses, VFIO_DEVICE } from './file-uses.ts';

/**
 * Which of the uses that were found are of one device. An open device that the kernel does not name is taken for one of
 * those that its process has by name; where it has none, it may be any: {@link DeviceUse.certain} is false.
 */
function usesOfDevice(device: DeviceRef, found: readonly FoundUse[], files: HostFiles): DeviceUse[] {
  const own = filesOf(device, files);
  const isOwn = ({ file, syspath }: Pick<FoundUse, 'file' | 'syspath'>) =>
    own.names.has(file) || (own.path !== null && (syspath === own.path || posix.dirname(file) === own.path));
  const ofThis = new Set(found.filter(isOwn).map(({ pid }) => pid));
  const ofAny = new Set(
    found.filter((use) => use.syspath !== null || /^\/dev\/vfio\//.test(use.file)).map(({ pid }) => pid),
  );
  return found.flatMap(({ syspath, ...use }): DeviceUse[] => {
    if (isOwn({ syspath, ...use })) return [{ ...use, certain: true }];
    if (use.file !== VFIO_DEVICE || syspath !== null || own.names.size === 0) return [];
    if (ofThis.has(use.pid)) return [{ ...use, certain: true }];
    return ofAny.has(use.pid) ? [] : [{ ...use, certain: false }];
  });
}

/** One pass over /proc, one process left out, and what it tells of each device. */
export function lookAtUses(files: HostFiles, without?: number): (device: DeviceRef) => DeviceUse[] {
  const found = readFileUses(files, without);
  return (device) => usesOfDevice(device, found, files);
}

/** The nodes through which a device is opened, and its directory among the real devices; null once it is unplugged. */
function filesOf(device: DeviceRef, files: HostFiles): { readonly names: Set<string>; readonly path: string | null } {
  const link = `/sys/bus/${device.bus}/devices/${device.address}`;
  const target = files.link(link);
  const group = /\/(\d+)$/.exec(files.link(sysfs.groupLink(device)) ?? '')?.[1];
  const names = new Set([
    ...(group === undefined ? [] : [`/dev/vfio/${group}`, noiommuNode(Number(group))]),
    // drivers/vfio/device_cdev.c
    ...files.names(`${link}/vfio-dev`).map((name) => `/dev/vfio/devices/${name}`),
    // drivers/uio/uio.c
    ...files.names(`${link}/uio`).map((name) => `/dev/${name}`),
  ]);
  return { names, path: target === null ? null : posix.resolve(posix.dirname(link), target) };
}

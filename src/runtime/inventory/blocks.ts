import type { BlockDevice } from '../../model/index.ts';
import { readDiskSerial } from './disk-serial.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { parseMounts, parseSwaps } from './mounts.ts';
import type { MountTable } from './mounts.ts';
import { deviceAbove, sysfsPathOf } from './sysfs-path.ts';

/** Volumes built on volumes, at most this deep. */
const MAX_STACK = 16;

/** Disks by the sysfs path of the device that they stand on, one of `devices`, with what the host does with them. */
export function readBlocks(
  files: HostFiles,
  devices: ReadonlySet<string>,
  identifiers: boolean,
): Map<string, BlockDevice[]> {
  const disks = listDisks(files, devices);
  const found = new Map<string, BlockDevice[]>();
  if (disks.length === 0) return found;
  const mounts = parseMounts(files.text(HostPath.mounts) ?? '');
  const swaps = parseSwaps(files.text(HostPath.swaps) ?? '');
  for (const { name, device, partitions } of disks) {
    const holders = holdersOf(files, [name, ...partitions]);
    const parts = [name, ...partitions, ...holders];
    const serial = identifiers ? readDiskSerial(files, name) : null;
    const block: BlockDevice = {
      name,
      mounts: [...new Set(parts.flatMap((part) => mountsOf(files, mounts, part)))],
      swap: parts.some((part) => namesOf(files, part).some((path) => swaps.has(path))),
      holders,
      ...(serial === null ? {} : { serial }),
    };
    const list = found.get(device);
    if (list?.some((known) => known.name === name)) continue;
    if (list) list.push(block);
    else found.set(device, [block]);
  }
  return found;
}

interface Disk {
  readonly name: string;
  /** Its sysfs path. */
  readonly device: string;
  readonly partitions: readonly string[];
}

function listDisks(files: HostFiles, devices: ReadonlySet<string>): Disk[] {
  const names = files.names(HostPath.blockClass);
  const known = new Set(names);
  const partitions = new Map<string, string[]>();
  const disks: { name: string; device: string | undefined }[] = [];
  for (const name of names) {
    const path = files.link(`${HostPath.blockClass}/${name}`) ?? '';
    const parent = path.split('/').at(-2) ?? '';
    if (known.has(parent)) partitions.set(parent, [...(partitions.get(parent) ?? []), name]);
    else disks.push({ name, device: deviceAbove(sysfsPathOf(path), devices) });
  }
  return disks.flatMap(({ name, device }) => {
    const head = multipathHead(name);
    return device !== undefined ? [{ name: head, device, partitions: partitions.get(head) ?? [] }] : [];
  });
}

/**
 * With NVMe multipath the PCI function has only the hidden path `nvme0c1n2`; what is partitioned and mounted is the
 * virtual disk `nvme0n2` above it (drivers/nvme/host/multipath.c).
 */
const multipathHead = (name: string): string => name.replace(/^(nvme\d+)c\d+(n\d+)$/, '$1$2');

/** Everything built on these: device-mapper, MD, bcache, and what is built on those. */
function holdersOf(files: HostFiles, parts: readonly string[]): string[] {
  const holders = new Set<string>();
  let level = parts;
  for (let depth = 0; depth < MAX_STACK && level.length > 0; depth++) {
    level = level
      .flatMap((part) => files.names(`${HostPath.blockClass}/${part}/holders`))
      .filter((name) => !holders.has(name));
    for (const name of level) holders.add(name);
  }
  return [...holders];
}

/** The device paths that /proc uses for a block device. */
function namesOf(files: HostFiles, name: string): string[] {
  const mapped = name.startsWith('dm-') ? files.attribute(`${HostPath.blockClass}/${name}/dm/name`) : null;
  return [`/dev/${name}`, ...(mapped === null ? [] : [`/dev/mapper/${mapped}`])];
}

/** By device number, and by name for file systems that have a number of their own (btrfs). */
function mountsOf(files: HostFiles, mounts: MountTable, name: string): readonly string[] {
  const number = files.attribute(`${HostPath.blockClass}/${name}/dev`) ?? '';
  const byName = namesOf(files, name).flatMap((path) => mounts.bySource.get(path) ?? []);
  return [...(mounts.byNumber.get(number) ?? []), ...byName];
}

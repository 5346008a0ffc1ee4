import type { FileUse } from '../../model/index.ts';
import type { HostFiles } from '../inventory/host-files.ts';
import { mappedFilesOf, ofProcess, openFilesOf, processIds } from '../inventory/process-files.ts';

/** A device opened through its group. All of them have this name; a kernel since 6.18 says of a descriptor which it is. */
export const VFIO_DEVICE = 'anon_inode:[vfio-device]';

/**
 * Files that stand for a device: the nodes of VFIO, those of UIO, and what sysfs has of a PCI function's registers. A
 * driver in user space without VFIO maps the last.
 */
const OF_A_DEVICE =
  /^(?:anon_inode:\[vfio-device\]|\/dev\/vfio\/(?:noiommu-)?\d+|\/dev\/vfio\/devices\/(?:noiommu-)?vfio\d+|\/dev\/uio\d+|\/sys\/devices\/.+\/(?:resource\d+(?:_wc)?|config))$/;

/** Somebody's use of a file that stands for a device. */
export interface FoundUse extends FileUse {
  /** The device's directory in sysfs, where the kernel says it of the descriptor. */
  readonly syspath: string | null;
}

/**
 * Who uses files that stand for a device, in one pass over /proc, as far as this user may look. Configuration space that is
 * only read is left out: that is somebody listing the host.
 */
export function readFileUses(files: HostFiles, without?: number): FoundUse[] {
  const names = new UserNames(files);
  return processIds(files)
    .filter((pid) => pid !== without)
    .flatMap((pid) => {
      const found = [...openUses(files, pid), ...mappedUses(files, pid)];
      if (found.length === 0) return [];
      const command = files.attribute(ofProcess(pid, 'comm')) ?? '';
      const commandLine = files.text(ofProcess(pid, 'cmdline'))?.split('\0').join(' ').trimEnd() || null;
      const user = names.of(files.owner(ofProcess(pid, 'comm'))?.uid);
      return found.map((use) => ({ pid, command, commandLine, user, ...use }));
    });
}

type Found = Pick<FoundUse, 'how' | 'file' | 'syspath'>;

function openUses(files: HostFiles, pid: number): Found[] {
  return [...openFilesOf(files, pid)].flatMap(({ fd, file }): Found[] => {
    if (!OF_A_DEVICE.test(file)) return [];
    const info = files.attribute(ofProcess(pid, `fdinfo/${fd}`)) ?? '';
    if (file.endsWith('/config') && !isWritable(info)) return [];
    // drivers/vfio/vfio_main.c, vfio_device_show_fdinfo.
    const syspath = /^vfio-device-syspath:\s*(\S+)$/m.exec(info)?.[1] ?? null;
    return [{ how: 'open', file, syspath }];
  });
}

function mappedUses(files: HostFiles, pid: number): Found[] {
  return [...mappedFilesOf(files, pid)]
    .filter((file) => OF_A_DEVICE.test(file))
    .map((file) => ({ how: 'mapped', file, syspath: null }));
}

/** By the access mode in the octal flags (fs/proc/fd.c); it counts as writable where that is not to be had. */
function isWritable(info: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
  return flags === undefined || (Number.parseInt(flags, 8) & 3) !== 0;
}

/** The names of passwd(5), read when the first is asked for. */
class UserNames {
  #byId: Map<number, string> | undefined;

  constructor(private readonly files: HostFiles) {}

  of(uid: number | undefined): string | null {
    if (uid === undefined) return null;
    this.#byId ??= new Map(
      (this.files.text('/etc/passwd') ?? '').split('\n').flatMap((line): [number, string][] => {
        const [name = '', , id = ''] = line.split(':');
        return /^\d+$/.test(id) ? [[Number(id), name]] : [];
      }),
    );
    return this.#byId.get(uid) ?? String(uid);
  }
}

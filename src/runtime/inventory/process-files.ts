import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/** The numbers of the processes that /proc shows. */
export const processIds = (files: HostFiles): number[] =>
  files
    .names(HostPath.processes)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number);

/** The file of /proc that tells something of a process. */
export const ofProcess = (pid: number, file: string): string => `${HostPath.processes}/${pid}/${file}`;

/** What a process has open, by descriptor, as the kernel names it. Empty for processes that this user may not look into. */
export function* openFilesOf(files: HostFiles, pid: number): Generator<{ readonly fd: string; readonly file: string }> {
  for (const fd of files.names(ofProcess(pid, 'fd'))) {
    const file = files.link(ofProcess(pid, `fd/${fd}`));
    if (file !== null) yield { fd, file };
  }
}

/** The path of a line of /proc/PID/maps: the sixth column (fs/proc/task_mmu.c). */
const MAPPED_FILE = /^[0-9a-f]+-[0-9a-f]+ \S+ [0-9a-f]+ \S+ \d+ +(\S.*)$/gm;

/** The files that a process has mapped, each once. A file that is gone meanwhile is named as it was. */
export function mappedFilesOf(files: HostFiles, pid: number): Set<string> {
  const text = files.text(ofProcess(pid, 'maps')) ?? '';
  return new Set([...text.matchAll(MAPPED_FILE)].map(([, file = '']) => file.replace(/ \(deleted\)$/, '')));
}

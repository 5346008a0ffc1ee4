import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** What a process has open, as the links of its /proc/PID/fd say it. */
export const openFilesOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(pid, fd));

/** The numbers of the descriptors of a process that link to this. */
export const descriptorsOf = (pid: number, target: string): readonly number[] =>
  readdirSync(`/proc/${pid}/fd`)
    .filter((one) => linkOf(pid, one) === target)
    .map(Number);

/** The first of them. Throws where there is none. */
export function openFileOf(pid: number, target: string): number {
  const [fd] = descriptorsOf(pid, target);
  if (fd === undefined) throw new Error(`process ${pid} has no ${target} open`);
  return fd;
}

function linkOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    // Closed since the directory was read.
    return '';
  }
}

/** Memory that counts as locked by a process (VmLck of /proc/PID/status, proc(5)), in bytes. VFIO accounts here. */
export function lockedBytesOf(pid: number): number {
  const kib = /^VmLck:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

export const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** The lines of /proc/interrupts that VFIO has asked for on a device. */
export function vfioInterrupts(device: string): readonly string[] {
  return readFileSync('/proc/interrupts', 'utf8')
    .split('\n')
    .filter((line) => line.includes('vfio-') && line.includes(device));
}

import { loadKoffi } from './load-koffi.ts';

/** LOCK_EX | LOCK_NB and LOCK_UN (sys/file.h). */
const EXCLUSIVE_NONBLOCKING = 2 | 4;

let call: ((fd: number, operation: number) => number) | undefined;

/**
 * Takes an exclusive flock(2) on an open file without waiting. The kernel drops it when the last descriptor is closed,
 * so a process that is killed leaves no lock behind. False where somebody else has it.
 * Throws {@link NativeCallsMissing}.
 */
export async function tryLock(fd: number): Promise<boolean> {
  call ??= (await loadKoffi()).load(null).func('int flock(int fd, int operation)') as (
    fd: number,
    operation: number,
  ) => number;
  return call(fd, EXCLUSIVE_NONBLOCKING) === 0;
}

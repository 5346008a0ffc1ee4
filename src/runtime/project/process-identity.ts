import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/<pid>/stat, proc(5)); null where /proc does not tell. */
  readonly startTime: string | null;
}

/** Identifies a process; null start time where /proc is not there, undefined where the process is not. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has let go of everything already; it only waits for its parent to notice.
    if (fields[0] === 'Z') return undefined;
    return { pid, startTime: fields[19] ?? null };
  } catch {
    return signalReaches(pid) ? { pid, startTime: null } : undefined;
  }
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime;
}

export const identifySelf = (): ProcessIdentity => identify(process.pid) ?? { pid: process.pid, startTime: null };

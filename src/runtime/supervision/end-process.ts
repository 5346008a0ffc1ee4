import { readdirSync, readFileSync } from 'node:fs';
import { identify, isAlive, type ProcessIdentity } from '../project/process-identity.ts';
import type { Clock } from './clock.ts';

/** How long a process has between SIGTERM and SIGKILL. */
export const TERM_LIMIT_MS = 10_000;
/** How long a killed process may take to go: one that waits for a device in the kernel cannot go at all. */
const KILL_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Who is to be ended: the whole session of a leader (setsid(2)), or one process. */
export type Target =
  | { readonly kind: 'session'; readonly leader: ProcessIdentity }
  | { readonly kind: 'process'; readonly process: ProcessIdentity };

/**
 * Ends processes: SIGTERM, and SIGKILL where that is not enough in time. Returns those that are still there in the end.
 * A number that belongs to another process by now is not touched.
 */
export async function endProcesses(targets: readonly Target[], clock: Clock): Promise<ProcessIdentity[]> {
  const left = (): ProcessIdentity[] => targets.flatMap(livingOf);
  for (const [signal, limit] of [
    ['SIGTERM', TERM_LIMIT_MS],
    ['SIGKILL', KILL_LIMIT_MS],
  ] as const) {
    for (const { pid } of left()) send(pid, signal);
    for (let waited = 0; waited < limit; waited += POLL_MS) {
      if (left().length === 0) return [];
      await clock.sleep(POLL_MS);
    }
  }
  return left();
}

function livingOf(target: Target): ProcessIdentity[] {
  if (target.kind === 'process') return isAlive(target.process) ? [target.process] : [];
  const { leader } = target;
  const now = identify(leader.pid);
  // The kernel gives no number to a new process that is still the name of a session: the session has ended.
  if (now !== undefined && now.startTime !== leader.startTime) return [];
  return membersOf(leader.pid);
}

/** The processes of a session: field 6 of /proc/<pid>/stat, proc(5). */
function membersOf(session: number): ProcessIdentity[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const isMember = fields[0] !== 'Z' && Number(fields[3]) === session;
        return isMember ? [{ pid: Number(name), startTime: fields[19] ?? null }] : [];
      } catch {
        return [];
      }
    });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

import type { Plan } from '../model/index.ts';
import type { Machine } from '../runtime/project/machine.ts';
import type { Changing } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
import type { Signals } from './signals.ts';
import type { Invocation } from './verb.ts';

export interface BringUp extends Changing {
  readonly invocation: Invocation;
  readonly plan: Plan;
  readonly machine: Machine;
  readonly detached: boolean;
  /** Fingerprint of what was compiled, see ProjectRecord. */
  readonly source: string;
  /** Called when the host is no longer changing: another run may begin. */
  changed(): void;
}

/** The exit status of an `up` that failed and was taken back, by what stopped it. */
export function failureStatus(kind: string | undefined, signals: Pick<Signals, 'status'>): number {
  if (kind === 'interrupted') return signals.status();
  if (kind === 'timeout') return ExitStatus.timedOut;
  return ExitStatus.failedAndRolledBack;
}

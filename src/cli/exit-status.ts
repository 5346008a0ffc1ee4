import type { Diagnostic } from '../model/index.ts';

/** Exit statuses, one meaning each. Documented in docs/exit-status.md. */
export const ExitStatus = {
  done: 0,
  failedAndRolledBack: 1,
  changesPending: 2,
  manifestInvalid: 3,
  hostCannot: 4,
  refusedForSafety: 5,
  failedAndNotRolledBack: 6,
  locked: 7,
  plugin: 8,
  usage: 64,
  privilege: 77,
  timedOut: 124,
  interrupted: 130,
  terminated: 143,
} as const;

/** The status for a set of findings: what the manifest's author must mend first, then danger, then the host, then plugins. */
export function statusOf(diagnostics: readonly Diagnostic[]): number {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const some = (category: Diagnostic['category']) => errors.some((error) => error.category === category);
  if (some('manifest')) return ExitStatus.manifestInvalid;
  if (some('safety')) return ExitStatus.refusedForSafety;
  if (some('host')) return ExitStatus.hostCannot;
  if (some('plugin')) return ExitStatus.plugin;
  return ExitStatus.done;
}

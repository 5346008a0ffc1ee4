import type { KernelError } from '../kernel/port.ts';
import { COMMON_ERRORS } from './common-errors.ts';
import { SYSCALL_ERRORS } from './syscall-errors.ts';
import { IOCTLS } from './table.ts';

/** The tables that speak of a call, the most exact one first. */
function tablesFor({ call, target }: Pick<KernelError, 'call' | 'target'>): Readonly<Record<string, string>>[] {
  const ioctl = IOCTLS.find((entry) => entry.name === call);
  if (ioctl) return [ioctl.errors, COMMON_ERRORS];
  const entries = SYSCALL_ERRORS.filter(
    (entry) => (entry.call === call || entry.call === '') && entry.target.test(target),
  );
  return [...entries.map(({ errors }) => errors), COMMON_ERRORS];
}

/** What a failed system call usually means there, in sentences that a user can act on; undefined where nothing is known. */
export function explainFailure(error: Pick<KernelError, 'call' | 'target' | 'code'>): string | undefined {
  return tablesFor(error).find((errors) => errors[error.code])?.[error.code];
}

/** The errnos, by name, that are documented for a call: those that {@link explainFailure} has a sentence for. */
export function documentedErrnos(call: Pick<KernelError, 'call' | 'target'>): readonly string[] {
  return [...new Set(tablesFor(call).flatMap((errors) => Object.keys(errors)))];
}

import type { KernelError } from '../kernel/port.ts';
import { COMMON_ERRORS } from './common-errors.ts';
import { SYSCALL_ERRORS } from './syscall-errors.ts';
import { IOCTLS } from './table.ts';

/** What a failed system call usually means there, in sentences that a user can act on; undefined where nothing is known. */
export function explainFailure(error: Pick<KernelError, 'call' | 'target' | 'code'>): string | undefined {
  const ioctl = IOCTLS.find((entry) => entry.name === error.call);
  if (ioctl) return ioctl.errors[error.code] ?? COMMON_ERRORS[error.code];
  for (const entry of SYSCALL_ERRORS) {
    const sentence = entry.errors[error.code];
    if (sentence && (entry.call === error.call || entry.call === '') && entry.target.test(error.target))
      return sentence;
  }
  return COMMON_ERRORS[error.code];
}

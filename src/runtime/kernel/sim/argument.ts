import { refuse } from './refusal.ts';

/** An ioctl's struct argument of at least `minimum` bytes; EFAULT for anything else, as for a bad pointer. */
export function structArgument(argument: Buffer | number | null, minimum: number): Buffer {
  if (!Buffer.isBuffer(argument) || argument.length < minimum) return refuse('EFAULT');
  return argument;
}

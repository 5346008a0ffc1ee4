import type { IoctlRequest, Kernel } from '../runtime/kernel/port.ts';
import { kernelError, type ErrnoName } from '../runtime/kernel/errno.ts';

/** What a scripted kernel was asked, and with which bytes. */
export interface Asked {
  readonly name: string;
  readonly number: number;
  readonly argument: string | number | null;
}

/** Answers one ioctl: changes the argument, and returns the result or the name of an errno. */
export type Answer = (argument: Buffer) => number | ErrnoName;

/** A kernel for tests of encoders and decoders: it answers ioctls from a list, and keeps the bytes that it was given. */
export function scriptedKernel(
  architecture: string,
  ...answers: readonly Answer[]
): { kernel: Kernel; asked: Asked[] } {
  const asked: Asked[] = [];
  const ioctl = (_fd: number, request: IoctlRequest, argument: Buffer | number | null): number => {
    const seen = Buffer.isBuffer(argument) ? argument.toString('hex') : argument;
    asked.push({ name: request.name, number: request.number, argument: seen });
    const result = answers[asked.length - 1]?.(Buffer.isBuffer(argument) ? argument : Buffer.alloc(0)) ?? 0;
    if (typeof result === 'string') throw kernelError(request.name, request.fdKind, result);
    return result;
  };
  const kernel: Pick<Kernel, 'architecture' | 'ioctl' | 'ioctlLong'> = {
    architecture,
    ioctl,
    ioctlLong: async (fd, request, argument) => ioctl(fd, request, argument),
  };
  return { kernel: kernel as Kernel, asked };
}

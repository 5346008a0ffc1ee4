import { readdirSync } from 'node:fs';
import { errnoName } from '../errno.ts';
import { type Fd, KernelError } from '../port.ts';
import { loadKoffi } from './load-koffi.ts';

/** fcntl(2): asm-generic/fcntl.h and linux/fcntl.h. */
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_DUPFD_CLOEXEC = 1030;
const SIG_SETMASK = 2;
/** The kernel's set has 64 signals, glibc's type has room for 1024 (sigset_t). */
const SIGSET_BYTES = 128;
/** SIGKILL and SIGSTOP cannot be changed (signal(2)). 32 and 33 are the C library's own. */
const FIXED_SIGNALS: ReadonlySet<number> = new Set([9, 19, 32, 33]);
const FIRST_PASSED = 3;
/** Statuses that shells have for a program that cannot be run, and for one that is not there. */
export const CANNOT_RUN = 126;
export const NOT_FOUND = 127;

/** What a process becomes by execve(2). */
export interface Program {
  /** An absolute path. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** The descriptors that it gets, from 3 on; they may be anywhere before. Standard input, output and error stay. */
  readonly fds: readonly Fd[];
  /** Where it is said that the program cannot be started. */
  readonly complaints: Fd;
}

/**
 * Turns this process into a program; where the kernel does not want to, says so and ends it with status 126 or 127. By
 * then descriptors of Node's own have been written over, so that nothing of Node may run any more.
 */
export type Become = (program: Program) => never;

/**
 * Loads what it takes. Signals go back to what a program expects (Node ignores SIGPIPE), and of the descriptors only
 * those of the program stay open.
 */
export async function loadBecome(): Promise<Become> {
  const koffi = await loadKoffi();
  const libc = koffi.load(null);
  const fcntl = libc.func('int fcntl(int fd, int command, ...)');
  const dup2 = libc.func('int dup2(int from, int to)');
  const signal = libc.func('void *signal(int number, intptr_t handler)');
  const sigprocmask = libc.func('int sigprocmask(int how, void *set, void *old)');
  const execve = libc.func('int execve(const char *file, const char **argv, const char **environment)');
  const write = libc.func('intptr_t write(int fd, const void *data, size_t length)');
  const exit = libc.func('void _exit(int status)');
  const aside = (fd: Fd, above: number): Fd => {
    const copy = Number(fcntl(fd, F_DUPFD_CLOEXEC, 'int', above));
    if (copy >= 0) return copy;
    const errno = koffi.errno();
    throw new KernelError('fcntl', 'descriptor', errnoName(errno), errno);
  };
  return ({ file, argv, environment, fds, complaints }) => {
    const above = FIRST_PASSED + fds.length;
    // Out of the way first: a descriptor may lie where another one has to go.
    const say = aside(complaints, above);
    const copies = fds.map((fd) => aside(fd, above));
    const strings = environment.map(({ name, value }) => `${name}=${value}`);
    const open = readdirSync('/proc/self/fd').map(Number);
    copies.forEach((fd, index) => void dup2(fd, FIRST_PASSED + index));
    for (let fd = 0; fd < FIRST_PASSED; fd++) fcntl(fd, F_SETFD, 'int', 0);
    // Whoever started us may have left something open that is none of the program's business.
    for (const fd of open) if (fd >= above) fcntl(fd, F_SETFD, 'int', FD_CLOEXEC);
    for (let number = 1; number <= 64; number++) if (!FIXED_SIGNALS.has(number)) signal(number, 0);
    sigprocmask(SIG_SETMASK, Buffer.alloc(SIGSET_BYTES), null);
    execve(file, [...argv, null], [...strings, null]);
    const errno = koffi.errno();
    const words = Buffer.from(`${file} cannot be started: ${errnoName(errno)}\n`, 'utf8');
    write(say, words, words.length);
    exit(errnoName(errno) === 'ENOENT' ? NOT_FOUND : CANNOT_RUN);
    throw new KernelError('execve', file, errnoName(errno), errno);
  };
}

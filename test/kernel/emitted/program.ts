import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { spawn } from 'node:child_process';
import type { Plan } from '../../../src/model/index.ts';
import { renderPlanAsC } from '../../../src/render/c/program.ts';
import { readPart } from '../../../src/cli/c-parts.ts';
import { run } from '../shell.ts';

/** What compiles and runs a program for an architecture. */
export interface Target {
  /** As `uname -m` prints it. */
  readonly machine: string;
  readonly compiler: string;
  /** Debian's, that bring the compiler and its C library. */
  readonly packages: string;
  /** What runs its programs here; none for our own. */
  readonly emulator: string | undefined;
  /** Runs are short here, so every call gets its turn to fail. */
  readonly everyFailure: boolean;
}

/** Big-endian and 32 bits, as the boards with a PAMU are; both of Arm; and our own. */
export const TARGETS: readonly Target[] = [
  {
    machine: 'ppc',
    compiler: 'powerpc-linux-gnu-gcc',
    packages: 'gcc-powerpc-linux-gnu libc6-dev-powerpc-cross',
    emulator: 'qemu-ppc-static',
    everyFailure: false,
  },
  {
    machine: 'armv7l',
    compiler: 'arm-linux-gnueabihf-gcc',
    packages: 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross',
    emulator: 'qemu-arm-static',
    everyFailure: false,
  },
  {
    machine: 'aarch64',
    compiler: 'aarch64-linux-gnu-gcc',
    packages: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
    emulator: 'qemu-aarch64-static',
    everyFailure: false,
  },
  { machine: 'x86_64', compiler: 'gcc', packages: 'gcc libc6-dev', emulator: undefined, everyFailure: true },
];

const WARNINGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror'];

/** The calls that replay.c answers. */
const WRAPPED = [
  ...['open64', 'close', 'write', 'ioctl', 'pread64', 'pwrite64', 'mmap64', 'munmap', 'madvise', 'eventfd', 'syscall'],
  ...[
    'setrlimit64',
    'ftruncate64',
    'readlink',
    'realpath',
    'access',
    'stat64',
    'chown',
    'chmod',
    'nanosleep',
    'execvp',
    'sigwaitinfo',
    'unlink',
  ],
];

/** A program that was made of a plan, and stands on transcripts instead of a kernel. */
export interface ReplayedProgram {
  readonly target: Target;
  readonly binary: string;
  readonly folder: string;
}

/** Emits and compiles a plan, once as a user does and once on replay.c; any warning fails. */
export async function compilePlan(
  plan: Plan,
  target: Target,
  harness: string,
  folder: string,
): Promise<ReplayedProgram> {
  await mkdir(folder, { recursive: true });
  const source = path.join(folder, `${plan.project}-${target.machine}.c`);
  const binary = source.replace(/\.c$/, '');
  await writeFile(source, renderPlanAsC(plan, readPart));
  const { compiler } = target;
  await run(compiler, [...WARNINGS, '-O2', '-static', '-o', `${binary}-plain`, source]);
  const wraps = WRAPPED.map((name) => `-Wl,--wrap=${name}`);
  const shim = path.join(harness, 'emitted', 'replay.c');
  await run(compiler, [...WARNINGS, '-g', '-static', ...wraps, '-o', binary, source, shim]);
  return { target, binary, folder };
}

export interface Replay {
  readonly status: number | NodeJS.Signals;
  readonly journal: string;
  readonly said: string;
}

/** Runs a program on a transcript, with what is given as its journal. */
export async function replay(
  { target, binary, folder }: ReplayedProgram,
  args: readonly string[],
  transcript: string,
  journal: string | undefined,
): Promise<Replay> {
  const transcriptFile = path.join(folder, 'transcript');
  const journalFile = path.join(folder, 'journal');
  await writeFile(transcriptFile, transcript);
  if (journal === undefined) await rm(journalFile, { force: true });
  else await writeFile(journalFile, journal);
  const command = [
    ...(target.emulator === undefined ? [] : [target.emulator]),
    binary,
    '--journal',
    journalFile,
    ...args,
  ];
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, {
    env: { ...process.env, VFIO_REPLAY: transcriptFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  return { status, said, journal: existsSync(journalFile) ? await readFile(journalFile, 'utf8') : '' };
}

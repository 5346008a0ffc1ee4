import { existsSync } from 'node:fs';
import path from 'node:path';
import { ownArchitecture } from './debian.ts';
import { givenFolder } from './kernel.ts';
import { C_PROGRAM_TOOLS } from './c-programs.ts';
import { TARGETS } from './emitted/program.ts';
import type { Machine } from './machine.ts';
import type { ScenarioFacts } from './scenarios.ts';
import { isBuilt, SMALL_KERNELS } from './small-kernels.ts';

/** Programs of the outside and the Debian package that brings each. */
const ALWAYS: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  cpio: 'cpio',
  depmod: 'kmod',
  modprobe: 'kmod',
  tar: 'tar',
  xz: 'xz-utils',
};

const QEMU: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-system-aarch64': 'qemu-system-arm',
};

/** What the kernel's build uses, beside the compiler of the architecture. */
const BUILD: Readonly<Record<string, string>> = { bc: 'bc', bison: 'bison', flex: 'flex', gcc: 'gcc', make: 'make' };

/** What compiles and runs the C programs of plans and of plugins. The C libraries come with `libc6-dev-*-cross`. */
const HOST_SIDE: readonly (readonly [string, string])[] = [
  ...Object.entries(C_PROGRAM_TOOLS),
  ...TARGETS.flatMap(({ compiler, emulator, packages }) => [
    [compiler, packages] as const,
    ...(emulator === undefined ? [] : [[emulator, 'qemu-user-static'] as const]),
  ]),
];

/**
 * Stops before anything is downloaded where the outside lacks a program, with one line that names every package.
 * Nothing is skipped for want of a program: a machine that did not run would look like one that passed.
 */
export function checkRequirements(
  machines: readonly Machine[],
  scenarios: readonly ScenarioFacts[],
  hostSide: boolean,
): void {
  const needed = new Map(Object.entries(machines.length > 0 ? ALWAYS : {}));
  if (hostSide) for (const [program, packaged] of HOST_SIDE) needed.set(program, packaged);
  for (const { program, architecture, kernel } of machines) {
    needed.set(program, QEMU[program] ?? program);
    if (kernel !== 'debian' && givenFolder() === undefined && !isBuilt(kernel)) {
      for (const [name, packaged] of Object.entries(BUILD)) needed.set(name, packaged);
      const compiler = `${SMALL_KERNELS[kernel].crossCompile}gcc`;
      if (architecture !== ownArchitecture()) needed.set(compiler, `gcc-${compiler.slice(0, -'-gcc'.length)}`);
    }
    // A guest with the outside as its root uses the outside's programs.
    if (architecture !== ownArchitecture()) continue;
    if (scenarios.some((one) => one.name.includes('testpmd'))) needed.set('dpdk-testpmd', 'dpdk-dev');
  }
  const missing = [...needed].filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].sort();
  throw new Error(
    `missing here: ${missing.map(([program]) => program).join(', ')}\n  apt-get install ${packages.join(' ')}`,
  );
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)));
}

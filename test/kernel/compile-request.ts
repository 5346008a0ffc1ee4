import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PackageArchitecture } from './debian.ts';
import { COMPILED } from './guest-paths.ts';
import { compilerFor } from './guest-work.ts';
import { run } from './shell.ts';

/**
 * Compiles what a guest has handed out, for its architecture and without a warning, into the folder of its share that it
 * watches. Throws with what the compiler said, and where there is no compiler.
 */
export async function compileForGuest(
  name: string,
  source: Buffer | undefined,
  architecture: PackageArchitecture,
  share: string,
): Promise<void> {
  const compiler = await compilerFor(architecture);
  if (compiler === undefined) throw new Error(`no compiler and static C library for ${architecture} here`);
  if (source === undefined) throw new Error(`the guest asks for ${name} and has handed out no ${name}.c`);
  const folder = await mkdtemp(path.join(share, 'compiling-'));
  try {
    const file = path.join(folder, `${name}.c`);
    const program = path.join(folder, name);
    await writeFile(file, source);
    await run(compiler, ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2', '-static', '-o', program, file]);
    await rename(program, path.join(share, COMPILED, name));
  } finally {
    await rm(folder, { recursive: true });
  }
}

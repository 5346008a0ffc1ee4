import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './shell.ts';

/** How a C program of another architecture is compiled and run on this machine, and the packages for it. */
const TOOLCHAINS: Readonly<Record<string, { readonly gcc: string; readonly qemu: string }>> = {
  ppc: { gcc: 'powerpc-linux-gnu-gcc', qemu: 'qemu-ppc-static' },
};

/** Programs that {@link checkCPrograms} needs, and the Debian package that brings each. */
export const C_PROGRAM_TOOLS: Readonly<Record<string, string>> = {
  'powerpc-linux-gnu-gcc': 'gcc-powerpc-linux-gnu libc6-dev-powerpc-cross',
  'qemu-ppc-static': 'qemu-user-static',
};

export type Reporter = (passed: boolean, name: string, why?: string) => void;

/**
 * Compiles the C programs beside plugins and compares what they print with what is kept of it: `ioctls.c` for each
 * `ioctls.<architecture>.txt`. Tests read the kept output, so that they need no compiler; here it is shown to be true.
 */
export async function checkCPrograms(checkout: string, work: string, report: Reporter): Promise<void> {
  const outputs = await keptOutputs(path.join(checkout, 'plugins'));
  if (outputs.length === 0) report(false, 'C programs', 'there is no output of one beside any plugin');
  for (const { source, output, architecture } of outputs) {
    const name = path.relative(checkout, output);
    try {
      const tools = TOOLCHAINS[architecture];
      if (!tools) throw new Error(`nothing is known of the architecture ${architecture}`);
      const program = path.join(work, path.basename(output, '.txt'));
      await run(tools.gcc, ['-static', '-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
      const printed = await run(tools.qemu, [program]);
      const same = printed === (await readFile(output, 'utf8'));
      report(same, `${name} is what its C program prints`, same ? undefined : `it prints\n${printed}`);
    } catch (error) {
      report(false, `${name} is what its C program prints`, error instanceof Error ? error.message : String(error));
    }
  }
}

async function keptOutputs(plugins: string) {
  const found = (await readdir(plugins, { recursive: true })).flatMap((file) => {
    const match = /^(.*\/testdata\/[^/]+)\.([a-z0-9_]+)\.txt$/.exec(file);
    const [, stem = '', architecture = ''] = match ?? [];
    return match ? [{ stem: path.join(plugins, stem), output: path.join(plugins, file), architecture }] : [];
  });
  return found.map(({ stem, ...one }) => ({ source: `${stem}.c`, ...one }));
}

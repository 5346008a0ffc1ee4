import { chmodSync, copyFileSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { COMPILED } from '../guest-paths.ts';
import { ask, attach } from './report-port.ts';
import { WORK } from './command.ts';

const LIMIT_MS = 120_000;

/**
 * Has the outside compile a C text for this machine, whose root has no compiler, and returns the program. Throws with what
 * the compiler said.
 */
export async function compiledOutside(name: string, source: string): Promise<string> {
  attach(`${name}.c`, source);
  ask(`compile ${name}`);
  const folder = path.join(WORK, COMPILED);
  // Not a look for the file itself: this file system remembers that it was not there.
  for (let waited = 0; !readdirSync(folder).includes(name); waited += 100) {
    if (waited >= LIMIT_MS)
      throw new Error(`${name} was not compiled; the machine's console log has what the compiler said`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const program = path.join('/run', name);
  if (!existsSync(program)) copyFileSync(path.join(folder, name), program);
  chmodSync(program, 0o755);
  return program;
}

/**
 * The bin. Starts the program from the code that V8 compiled when the package was built, which saves about 20 ms of 35.
 * V8 refuses compiled code of another version or made with other flags; the program is then compiled as usual.
 *
 * The compiled code lies beside the program and is as trustworthy as it. Nothing is read from a cache directory: the
 * tool may run as root, and what it executes must not come from a place where others can write.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** Name of the program's file, and the flags that it was compiled with; both put in by the build. */
declare const PROGRAM: string;
declare const V8_FLAGS: string;

const file = join(__dirname, PROGRAM);

function compiledCode(): Buffer | undefined {
  try {
    return readFileSync(`${file}.${process.versions.v8}-${process.arch}`);
  } catch {
    // The package was built with another Node.
    return undefined;
  }
}

/** What the program's file is: see scripts/wrap-program.ts. */
type Program = (
  exports: unknown,
  require: NodeJS.Require,
  module: NodeJS.Module,
  filename: string,
  dirname: string,
  importModule: (specifier: string) => Promise<unknown>,
) => void;

const cachedData = compiledCode();
// Another V8 may not know the flags, and says so on stderr.
if (cachedData && V8_FLAGS !== '') setFlagsFromString(V8_FLAGS);
// The program is ASCII, and latin1 is the fastest way to read that.
const script = new Script(readFileSync(file, 'latin1'), { filename: file, ...(cachedData ? { cachedData } : {}) });
const program = script.runInThisContext() as Program;
program(exports, require, module, file, __dirname, (specifier) => import(specifier));

import { spawnSync } from 'node:child_process';

/** More than any tree of the corpus as text. */
const MAX_OUTPUT = 256 * 1024 * 1024;

/** What `device-tree-compiler` installs, and is compared with here. */
export type Tool = 'dtc' | 'fdtget' | 'fdtoverlay';

/** How a run of a tool ended: it may say no, which is an answer too. */
export interface Answer {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a tool to its end. Throws where it is not there or dies of a signal: nothing is compared with nothing. */
export function ask(tool: Tool, args: readonly string[], input?: string | Uint8Array): Answer {
  const { status, signal, error, stdout, stderr } = spawnSync(tool, args, { input, maxBuffer: MAX_OUTPUT });
  if (error && 'code' in error && error.code === 'ENOENT') {
    throw new Error(`${tool} is not there: apt-get install device-tree-compiler`);
  }
  if (error) throw new Error(`${tool}: ${error.message}`);
  if (status === null) throw new Error(`${tool} died of ${signal ?? 'something'}`);
  return { status, stdout, stderr: stderr.toString() };
}

/** Runs a tool that has to succeed, and returns what it wrote. */
export function told(tool: Tool, args: readonly string[], input?: string | Uint8Array): Buffer {
  const { status, stdout, stderr } = ask(tool, args, input);
  if (status !== 0) throw new Error(`${[tool, ...args.slice(0, 8)].join(' ')} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}

/** A blob as `dtc` prints it. */
export const dtcText = (blob: string | Uint8Array): string =>
  (typeof blob === 'string'
    ? told('dtc', ['-q', '-q', '-I', 'dtb', '-O', 'dts', blob])
    : told('dtc', ['-q', '-q', '-I', 'dtb', '-O', 'dts', '-'], blob)
  ).toString('latin1');

/** A source as `dtc` compiles it; `-@` with the labels. */
export const dtcBlob = (source: string, withSymbols = false): Uint8Array =>
  told('dtc', ['-q', '-q', ...(withSymbols ? ['-@'] : []), '-I', 'dts', '-O', 'dtb', '-'], source);

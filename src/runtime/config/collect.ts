import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Diagnostic, LIMITS } from '../../model/index.ts';
import {
  type Include,
  includeCycle,
  includeNotReadable,
  type Layer,
  openLayer,
  type Variables,
} from '../../compiler/manifest/index.ts';
import { tooLarge } from '../../compiler/source/index.ts';
import { readIncluded } from './read-text.ts';

/** One text of the manifest and where it lies. */
export interface Input {
  /** What to call it: the name as given, or relative to that of the including file. */
  readonly name: string;
  /** Absolute path, from which includes are found; for stdin, any name in the directory that they count from. */
  readonly path: string;
  readonly text: string;
}

interface Opener {
  readonly real: string;
  readonly include: Include;
}

/** Opens the files of a manifest and everything that they include, in the order of their weight. */
export class Collector {
  readonly layers: Layer[] = [];
  /** Every text that was read, by its name. */
  readonly sources = new Map<string, string>();
  /** Where each of them lies, by the same names. */
  readonly paths = new Map<string, string>();
  readonly diagnostics: Diagnostic[] = [];
  private length = 0;
  private files = 0;

  constructor(private readonly variables: Variables) {}

  /** Adds a file that overrides those added before, after what it includes. */
  add(input: Input): void {
    this.open(input, []);
  }

  private open({ name, path, text }: Input, openers: readonly Opener[]): void {
    this.sources.set(name, text);
    this.paths.set(name, path);
    this.length += text.length;
    this.files++;
    const layer = openLayer({ file: name, text }, this.variables);
    for (const include of layer.includes) this.include(include, { name, path }, openers);
    this.layers.push(layer);
  }

  private include(include: Include, from: { name: string; path: string }, openers: readonly Opener[]): void {
    const { path: written, at } = include;
    const path = resolve(dirname(from.path), written);
    const over = this.overLimit(openers.length);
    if (over !== undefined) {
      this.diagnostics.push(tooLarge({ detail: over, at }));
      return;
    }
    const read = readIncluded(path);
    if ('problem' in read) {
      const detail = `${written} ${read.problem}: it was looked for at ${path}, since relative paths count from the including file.`;
      this.diagnostics.push(includeNotReadable({ detail, at }));
      return;
    }
    const chain = [...openers, { real: realOf(from.path), include }];
    const real = realOf(path);
    const start = chain.findIndex((opener) => opener.real === real);
    if (start !== -1) {
      const related = chain
        .slice(start, -1)
        .map((opener) => ({ message: 'through this include', at: opener.include.at }));
      const detail = `${written} is being read already: it includes this file, directly or through others.`;
      this.diagnostics.push(includeCycle({ detail, at, related }));
      return;
    }
    this.open(
      { name: isAbsolute(written) ? written : join(dirname(from.name), written), path, text: read.text },
      chain,
    );
  }

  private overLimit(depth: number): string | undefined {
    if (depth >= LIMITS.manifest.includeDepth)
      return `More than ${LIMITS.manifest.includeDepth} files include each other in a row.`;
    if (this.files >= LIMITS.manifest.files) return `The manifest has more than ${LIMITS.manifest.files} files.`;
    if (this.length > LIMITS.manifest.allTexts)
      return `The files of the manifest have more than ${LIMITS.manifest.allTexts} characters together.`;
    return undefined;
  }
}

/** The file itself, whatever links lead to it. What has no file (stdin) stands for itself. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

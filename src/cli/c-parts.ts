import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from '../render/c/program.ts';
import { packageRoot } from '../runtime/package-root.ts';

/** A part of the C program of a plan, as it lies in the package. */
export const readPart = (name: Part): string =>
  readFileSync(join(packageRoot(), 'templates', 'c', `${name}.c`), 'utf8');

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the installed package or the checkout: where templates and schemas lie. Throws where there is none. */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'templates')) && existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package around ${import.meta.dirname}`);
  }
}

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** Writes below one folder, making folders as needed. */
export class Tree {
  readonly #made = new Set<string>();

  constructor(readonly root: string) {}

  folder(path: string): void {
    if (this.#made.has(path)) return;
    mkdirSync(this.root + path, { recursive: true });
    this.#made.add(path);
  }

  file(path: string, content: string | Uint8Array): void {
    this.folder(dirname(path));
    writeFileSync(this.root + path, content);
  }

  /** A relative link, as sysfs has them. */
  link(path: string, target: string): void {
    this.folder(dirname(path));
    symlinkSync(relative(dirname(path), target), this.root + path);
  }

  /** A link to a path of the host, for links of /proc that are read and not followed. */
  absoluteLink(path: string, target: string): void {
    this.folder(dirname(path));
    symlinkSync(target, this.root + path);
  }
}

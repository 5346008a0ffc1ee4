import { HostFiles } from '../runtime/inventory/host-files.ts';

/** Reads a host and notes every path that is looked at. */
export class WatchedFiles extends HostFiles {
  readonly seen = new Set<string>();
  readonly #note = (path: string) => this.seen.add(path);
  override attribute = (path: string) => (this.#note(path), super.attribute(path));
  override text = (path: string) => (this.#note(path), super.text(path));
  override bytes = (path: string, offset: number, length: number) => (
    this.#note(path),
    super.bytes(path, offset, length)
  );
  override file = (path: string) => (this.#note(path), super.file(path));
  override link = (path: string) => (this.#note(path), super.link(path));
  override names = (path: string) => (this.#note(path), super.names(path));
  override entries = (path: string) => (this.#note(path), super.entries(path));
  override value = (path: string, limit: number) => (this.#note(path), super.value(path, limit));
  override exists = (path: string) => (this.#note(path), super.exists(path));
}

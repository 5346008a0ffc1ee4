export type {
  Device as DeviceManifest,
  Irqs,
  ManifestDocument,
  Memory as MemoryManifest,
  Run as RunManifest,
  Vm as VmManifest,
} from './generated/manifest.ts';
import type { ManifestDocument } from './generated/manifest.ts';
import type { Span } from './span.ts';

/** A way into a document: the keys and indices from its root. */
export type Path = readonly (string | number)[];

/** A manifest of the right shape, with the place of every key and value in its files. */
export interface Manifest {
  readonly document: ManifestDocument;
  /** The project's name: from the manifest, the command line, or the directory. */
  readonly name: string;
  /** Where a value stands; for a path that the manifest leaves out, the nearest thing around it. */
  at(path: Path): Span;
  /** Where the key of a value stands. */
  keyAt(path: Path): Span;
  /** The names of the files that it came from, in the order read. */
  readonly files: readonly string[];
}

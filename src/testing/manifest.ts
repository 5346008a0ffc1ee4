import type { Manifest, ManifestDocument, Path, Span } from '../model/index.ts';

/**
 * A manifest from a plain object, for tests of the stages after the shape check. Its places are synthetic: the file of
 * a span is the path itself, `vms/router/devices/nic0` for a value and `…#key` for a key, so a test asserts
 * `at.file` where a real one has line and column.
 */
export function manifestFrom(document: ManifestDocument, name = document.name ?? 'tested'): Manifest {
  return {
    document,
    name,
    at: (path) => spanAt(path),
    keyAt: (path) => spanAt(path, '#key'),
    files: ['tested.yaml'],
  };
}

/** The synthetic place of a path in {@link manifestFrom}. */
export function spanAt(path: Path, suffix = ''): Span {
  const start = { line: 1, column: 1, offset: 0 };
  return { file: `${path.join('/')}${suffix}`, start, end: start };
}

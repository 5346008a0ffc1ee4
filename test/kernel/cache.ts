import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** Where everything slow lies. Outside the checkout, so that `git clean` and a second checkout cost no download. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['VFIO_COMPOSE_KERNEL_CACHE'];
  if (named) return path.resolve(named);
  return path.join(env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'vfio-compose', 'kernels');
}

/** Bump when the content of entries changes shape: old caches are then left alone instead of being misread. */
const LAYOUT = 'v1';

/** Whether an entry is there already. */
export const isCached = (name: string): boolean => existsSync(path.join(cacheRoot(), LAYOUT, name));

const building = new Map<string, Promise<string>>();

/**
 * Returns the folder of a cache entry and builds it first where it is missing.
 * It is built aside and renamed when complete, so an interrupted download never looks like a finished one; two machines
 * that need the same entry at the same time share one build.
 */
export function cached(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const known = building.get(name);
  if (known) return known;
  const made = buildOnce(name, build);
  building.set(name, made);
  return made;
}

async function buildOnce(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const root = path.join(cacheRoot(), LAYOUT);
  const entry = path.join(root, name);
  if (existsSync(entry)) return entry;
  await mkdir(root, { recursive: true });
  const aside = await mkdtemp(path.join(root, '.building-'));
  try {
    await build(aside);
    await rename(aside, entry).catch((error: unknown) => {
      // Another run of the harness was faster: its entry is as good as ours.
      if (!existsSync(entry)) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return entry;
}

/** A short name for the inputs of an entry, so that a changed recipe makes a new entry instead of meeting the old one. */
export function digestOf(...inputs: readonly string[]): string {
  return createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 12);
}

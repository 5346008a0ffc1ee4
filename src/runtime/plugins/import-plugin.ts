import * as nodeModule from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../package-root.ts';

/** How long the code of a module may take to be loaded, in milliseconds. A module that waits for ever is not waited for. */
const LOAD_TIMEOUT_MS = 10_000;

/** What plugins import. */
const API = 'vfio-compose/plugin';

/** Imports a module of a plugin by its path. Its `vfio-compose/plugin` is this very copy's, wherever the plugin lies. */
export async function importPlugin(file: string): Promise<unknown> {
  provideApi();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const what = `it was not done after ${LOAD_TIMEOUT_MS / 1000} s`;
    timer = setTimeout(() => reject(new Error(what)), LOAD_TIMEOUT_MS);
  });
  try {
    return await Promise.race([import(pathToFileURL(file).href), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the interface for plugins lies: as it was built, or as it is written in a checkout that runs from its sources. */
function apiFile(): string {
  const root = packageRoot();
  const built = join(root, 'dist', 'plugin', 'index.js');
  return import.meta.filename.endsWith('.ts') || !existsSync(built) ? join(root, 'src', 'plugin', 'index.ts') : built;
}

/** What a resolve hook of Node is, as far as it matters here. */
type Next = (specifier: string, context: unknown) => unknown;
type ResolveHook = (specifier: string, context: unknown, next: Next) => unknown;
type RegisterHooks = (hooks: { readonly resolve: ResolveHook }) => unknown;

const PROVIDED = Symbol.for('vfio-compose.plugin-api');

/**
 * Makes every `vfio-compose/plugin` of this process the one of this copy. Once: Node has no way to take a hook back.
 * Node 22.15 has hooks in the thread itself; before, a hook is a module in a thread of its own.
 */
function provideApi(): void {
  const slot = globalThis as { [PROVIDED]?: true };
  if (slot[PROVIDED]) return;
  slot[PROVIDED] = true;
  const url = pathToFileURL(apiFile()).href;
  const { registerHooks } = nodeModule as { registerHooks?: RegisterHooks };
  if (registerHooks) {
    registerHooks({
      resolve: (specifier, context, next) => next(specifier === API ? url : specifier, context),
    });
    return;
  }
  const hook = `export const resolve = (specifier, context, next) =>
    next(specifier === ${JSON.stringify(API)} ? ${JSON.stringify(url)} : specifier, context);`;
  nodeModule.register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../src/compiler/compile.ts';
import type { HostInventory, Manifest, Plan, PluginSet } from '../../src/model/index.ts';
import { loadManifest } from '../../src/runtime/config/index.ts';
import { digestOf } from '../../src/runtime/inventory/index.ts';
import { parseSnapshot } from '../../src/runtime/inventory/snapshot.ts';
import { loadPlugins } from '../../src/runtime/plugins/index.ts';

/** An example as the fuzz targets use it: its texts, and what they are read as. */
export interface FuzzExample {
  readonly name: string;
  /** The manifest as one text, without what it includes. */
  readonly manifestText: string;
  readonly hostText: string;
  readonly manifest: Manifest;
  readonly inventory: HostInventory;
  readonly plan: Plan;
}

export interface FuzzWorld {
  readonly plugins: PluginSet;
  readonly examples: readonly FuzzExample[];
}

/** Accounts are numbers in examples. */
const account = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
const NAMES = { user: account, group: account, primaryGroup: (uid: number) => uid };

/** Compiles a manifest for a host, as `plan` does. Throws what the compiler does. */
export const planOf = (manifest: Manifest, inventory: HostInventory, plugins: PluginSet) =>
  compile({
    manifest,
    inventory,
    plugins,
    digest: digestOf(inventory),
    names: NAMES,
    running: [],
    toolVersion: '0.0.0-fuzz',
  });

let world: Promise<FuzzWorld> | undefined;

/** The examples, read once for all targets of a process. */
export const fuzzWorld = (): Promise<FuzzWorld> => (world ??= readWorld());

async function readWorld(): Promise<FuzzWorld> {
  const { value: plugins } = await loadPlugins({ named: [], options: true });
  if (!plugins) throw new Error('the plugins of this checkout cannot be loaded');
  const root = join(process.cwd(), 'examples');
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, 'host.json')));
  const examples = await Promise.all(names.map((name) => readExample(join(root, name), name, plugins)));
  return { plugins, examples };
}

async function readExample(folder: string, name: string, plugins: PluginSet): Promise<FuzzExample> {
  const hostText = readFileSync(join(folder, 'host.json'), 'utf8');
  const manifestText = readFileSync(join(folder, 'vfio-compose.yaml'), 'utf8');
  const { value: inventory } = await parseSnapshot('host.json', hostText);
  const { value: manifest } = await loadManifest({
    file: ['vfio-compose.yaml'],
    envFile: [],
    env: {},
    cwd: folder,
    readStdin: () => Promise.reject(new Error('an example reads stdin')),
  });
  const plan = inventory && manifest && planOf(manifest, inventory, plugins).plan;
  if (!inventory || !manifest || !plan) throw new Error(`the example ${name} does not compile`);
  return { name, manifestText, hostText, manifest, inventory, plan };
}

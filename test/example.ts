import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { compile } from '../src/compiler/compile.ts';
import type { Diagnostic, HostInventory, Plan, ResolvedManifest } from '../src/model/index.ts';
import { renderDiagnostics } from '../src/render/diagnostics.ts';
import { loadManifest } from '../src/runtime/config/index.ts';
import { digestOf, loadInventory } from '../src/runtime/inventory/index.ts';
import { testPlugins } from '../src/testing/plugins.ts';

/** A release must not change every plan. */
const TOOL_VERSION = '0.0.0-example';

/** What must be in an example's folder. */
const REQUIRED = ['README.md', 'vfio-compose.yaml', 'host.json', 'expected/plan.txt'];
const DIAGNOSTICS = 'expected/diagnostics.txt';
/** The device tree that a snapshot was made from; `npm run test:corpus` compiles it and compares. */
export const TREE_SOURCE = 'host.dts';

/** What `plan -o dts` says; `npm run test:corpus` compiles it. */
export const GUEST_TREE = 'expected/guest.dts';

/** The device that a file of an example shows, as `inspect` does. */
export const inspectedIn = (file: string): string | undefined => /^expected\/inspect-(.+)\.txt$/.exec(file)?.[1];

/** An example compiled for its own host, as the command does it, with nothing of the machine that runs the tests. */
export interface Example {
  readonly folder: string;
  readonly inventory: HostInventory;
  readonly plan: Plan;
  readonly resolved: ResolvedManifest;
  readonly diagnostics: readonly Diagnostic[];
  /** The diagnostics as `plan` prints them; empty where there are none. */
  readonly diagnosticsText: string;
  /** The manifest and what it includes. */
  readonly manifests: readonly string[];
}

/** Accounts are numbers in examples: a name would mean another user on each machine. */
const number = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new Error(`an example names the account "${text}" instead of its number`);
  return Number(text);
};
const NAMES = { user: number, group: number, primaryGroup: () => undefined };

export async function inventoryOf(folder: string): Promise<HostInventory> {
  const { value, diagnostics } = await loadInventory({ host: join(folder, 'host.json') });
  expect(diagnostics).toEqual([]);
  if (!value) throw new Error(`${folder}/host.json gave no inventory`);
  return value;
}

/** Reads and compiles an example; an error in it fails the test. */
export async function exampleIn(folder: string, host?: HostInventory): Promise<Example> {
  const inventory = host ?? (await inventoryOf(folder));
  const file = ['vfio-compose.yaml'];
  const readStdin = () => Promise.reject(new Error('an example reads stdin'));
  const loaded = await loadManifest({ file, envFile: [], env: {}, cwd: folder, readStdin });
  const manifest = loaded.value;
  if (!manifest) throw new Error(renderDiagnostics(loaded.diagnostics, loaded.sources, { colour: false }));
  const output = compile({
    manifest,
    inventory,
    plugins: testPlugins,
    digest: digestOf(inventory),
    names: NAMES,
    running: [],
    toolVersion: TOOL_VERSION,
  });
  const diagnostics = [...loaded.diagnostics, ...output.diagnostics];
  const diagnosticsText = renderDiagnostics(diagnostics, loaded.sources, { colour: false });
  const { plan, resolved } = output;
  if (!plan || !resolved) throw new Error(diagnosticsText);
  return { folder, inventory, plan, resolved, diagnostics, diagnosticsText, manifests: [...loaded.sources.keys()] };
}

/** What is wrong with the files of an example: a missing one, or one that nothing would compare or read. */
export function wrongFiles(
  files: readonly string[],
  { diagnostics, manifests }: Pick<Example, 'diagnostics' | 'manifests'>,
) {
  const required = [...REQUIRED, ...manifests, ...(diagnostics.length > 0 ? [DIAGNOSTICS] : [])];
  return [
    ...[...new Set(required)].filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files
      .filter(
        (file) =>
          !required.includes(file) && file !== TREE_SOURCE && file !== GUEST_TREE && inspectedIn(file) === undefined,
      )
      .map((file) => `${file} is read by nothing`),
  ];
}

/** The files of a folder, at any depth, by their paths in it. */
export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** The same host with everything that has no order of its own in another order. */
export function shuffled(inventory: HostInventory): HostInventory {
  const reversed = <T>(items: readonly T[]): T[] => [...items].reverse();
  return {
    ...inventory,
    groups: reversed(inventory.groups).map((group) => ({
      ...group,
      reservedRegions: reversed(group.reservedRegions),
    })),
    devices: reversed(inventory.devices),
    hugePages: reversed(inventory.hugePages),
    modules: Object.fromEntries(reversed(Object.entries(inventory.modules))),
  };
}

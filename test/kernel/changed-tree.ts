import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { draftOf, treeOfDraft } from '../../src/devicetree/fdt/draft.ts';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import { writeFdt } from '../../src/devicetree/fdt/write-fdt.ts';
import { treeArguments, type Machine } from './machine.ts';
import { run } from './shell.ts';

/** Writes the tree with which a machine boots, and returns its file; nothing where it boots with the one that QEMU makes. */
export async function changedTree(machine: Machine, folder: string): Promise<string | undefined> {
  if (!machine.tree) return undefined;
  const made = path.join(folder, 'made.dtb');
  await run(machine.program, treeArguments(machine, made));
  const read = readFdt(await readFile(made));
  if ('problem' in read) throw new Error(`the tree that QEMU made cannot be read: ${JSON.stringify(read.problem)}`);
  const root = draftOf(read.tree);
  machine.tree(root);
  const changed = path.join(folder, 'changed.dtb');
  await writeFile(changed, writeFdt(treeOfDraft(root), read));
  return changed;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostInventory } from '../model/index.ts';
import { writeHostTree } from './host-tree.ts';

/** A folder with /sys, /proc and /dev as they are on such a host, removed after the test. */
export function hostTreeOf(inventory: HostInventory): string {
  const root = mkdtempSync(join(tmpdir(), 'host-tree-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeHostTree(root, inventory);
  return root;
}

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readGroupHolders } from '../inventory/group-holders.ts';
import { HostFiles } from '../inventory/host-files.ts';
import { nodeHolders, nodeOf } from './holders.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vfio-compose-holders-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const link = (path: string, target: string) => {
  mkdirSync(dirname(root + path), { recursive: true });
  symlinkSync(target, root + path);
};
const holding = (pid: number, command: string, ...nodes: string[]) => {
  nodes.forEach((node, fd) => link(`/proc/${pid}/fd/${fd}`, node));
  writeFileSync(`${root}/proc/${pid}/comm`, `${command}\n`);
};

it('R-BIND-4: finds who holds the node of an IOMMU group, and of one that no-IOMMU mode made up', () => {
  holding(31, 'guestd', '/dev/vfio/7', '/dev/vfio/vfio');
  holding(32, 'dpdk', '/dev/vfio/noiommu-7');
  const files = new HostFiles(root);
  expect(nodeHolders(files)).toEqual(
    new Map([
      ['/dev/vfio/7', [{ pid: 31, command: 'guestd' }]],
      ['/dev/vfio/noiommu-7', [{ pid: 32, command: 'dpdk' }]],
    ]),
  );
  expect(readGroupHolders(files)).toEqual(new Map([[7, [{ pid: 31, command: 'guestd' }]]]));
});

it('R-GROUP-3: looks the node of a device without an IOMMU up where the kernel links it, while it is bound', () => {
  const entry = { bus: 'platform', address: 'fff51000.ethernet', group: null } as const;
  expect(nodeOf(entry, new HostFiles(root))).toBeNull();
  link('/sys/bus/platform/devices/fff51000.ethernet/iommu_group', '../../../kernel/iommu_groups/3');
  expect(nodeOf(entry, new HostFiles(root))).toBe('/dev/vfio/noiommu-3');
  expect(nodeOf({ ...entry, group: 9 }, new HostFiles(root))).toBe('/dev/vfio/9');
});

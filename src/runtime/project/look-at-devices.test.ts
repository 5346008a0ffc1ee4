import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Assignment, HostInventory } from '../../model/index.ts';
import { directoryWith } from '../../testing/directory.ts';
import { writeHostTree } from '../../testing/host-tree.ts';
import { host } from '../../testing/index.ts';
import { Tree } from '../../testing/tree.ts';
import { HostFiles } from '../inventory/host-files.ts';
import { inventoryLook, liveLook, lookAtDevices, problemText } from './look-at-devices.ts';

const ADDRESS = '0000:0b:00.0';
const DEVICE = `/sys/bus/pci/devices/${ADDRESS}`;
const inventory = host()
  .intelIommu()
  .nic(ADDRESS, { group: 31, driver: 'vfio-pci', driverOverride: 'vfio-pci', netdevs: [] })
  .build();
const withNode: HostInventory = {
  ...inventory,
  groups: inventory.groups.map((group) =>
    group.id === 31 ? { ...group, node: { uid: 0, gid: 0, mode: 0o600 } } : group,
  ),
};
const assignment: Assignment = {
  vm: 'router',
  device: 'nic',
  bus: 'pci',
  address: ADDRESS,
  group: 31,
  driver: 'vfio-pci',
  handoff: 'hold',
  guest: { placement: 'function', address: null },
};

function treeOf(of: HostInventory): Tree {
  const root = directoryWith({});
  writeHostTree(root, of);
  return new Tree(root);
}

const problemIn = (tree: Tree, phase: 'up' | 'starting' = 'up') => {
  const [looked] = lookAtDevices({ phase, assignments: [assignment] }, liveLook(new HostFiles(tree.root)));
  return looked?.problem;
};
const problemOn = (of: HostInventory) =>
  lookAtDevices({ phase: 'up', assignments: [assignment] }, inventoryLook(of))[0]?.problem;

it('R-BACK-2: finds nothing to say of a device that is as the record has it', () => {
  expect(problemIn(treeOf(withNode))).toBeNull();
  expect(problemOn(withNode)).toBeNull();
});

it('R-BACK-2: notices a device that was unplugged', () => {
  const tree = treeOf(withNode);
  rmSync(tree.root + DEVICE);
  expect(problemIn(tree)).toEqual({ kind: 'gone' });
  expect(problemOn({ ...withNode, devices: [] })).toEqual({ kind: 'gone' });
});

it('R-BACK-2: notices a device that is on another driver, or on none', () => {
  const tree = treeOf(withNode);
  rmSync(`${tree.root}${DEVICE}/driver`);
  expect(problemIn(tree)).toEqual({ kind: 'driver', driver: null, expected: 'vfio-pci' });
  tree.absoluteLink(`${DEVICE}/driver`, '../../../../bus/pci/drivers/e1000e');
  expect(problemIn(tree)).toEqual({ kind: 'driver', driver: 'e1000e', expected: 'vfio-pci' });
  const devices = withNode.devices.map((device) => ({ ...device, driver: 'e1000e' }));
  expect(problemOn({ ...withNode, devices })).toEqual({ kind: 'driver', driver: 'e1000e', expected: 'vfio-pci' });
});

it('R-BACK-2: notices a device that has come back in another group', () => {
  const tree = treeOf(withNode);
  rmSync(`${tree.root}${DEVICE}/iommu_group`);
  expect(problemIn(tree)).toEqual({ kind: 'group', group: null, expected: 31 });
  tree.absoluteLink(`${DEVICE}/iommu_group`, '../../../kernel/iommu_groups/40');
  expect(problemIn(tree)).toEqual({ kind: 'group', group: 40, expected: 31 });
});

it('R-BACK-2: notices that the node is not there', () => {
  expect(problemIn(treeOf(inventory))).toEqual({ kind: 'node' });
  expect(problemOn(inventory)).toEqual({ kind: 'node' });
});

it('R-BACK-2: compares nothing while steps are on their way', () => {
  expect(problemIn(treeOf(inventory), 'starting')).toBeNull();
});

it('R-BACK-2: says in words what is wrong', () => {
  expect(problemText({ kind: 'gone' })).toBe('not on its bus any more');
  expect(problemText({ kind: 'driver', driver: null, expected: 'vfio-pci' })).toBe('on no driver, not on vfio-pci');
  expect(problemText({ kind: 'group', group: 40, expected: 31 })).toBe('in group 40, not in 31');
  expect(problemText({ kind: 'node' })).toBe('its node is not there');
});

import { readFileSync, writeFileSync } from 'node:fs';
import { contains, equal, holds } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { carriesPackets } from './network.ts';
import { findNics, groupOf, linkOf, netdevsOf } from './pci.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { openError } from './vfio.ts';

const overrideOf = (address: string): string => `/sys/bus/pci/devices/${address}/driver_override`;

/** The whole way there and back on a real kernel, held by the supervisor in between. */
export const upAndDown: Scenario = ({ test, cleanup }) => {
  const { alone, shared } = findNics();
  const [first, second] = shared;
  let before: HostState;
  let overridden: HostState;
  const single = project(
    'single',
    `devices:
  nic0:
    pci: ${alone}
memory:
  - { iova: 0x40000000, size: 2MiB }
  - { iova: 0x80000000, size: 4MiB }
`,
  );
  const group = project(
    'group',
    `devices:
  port0:
    pci: ${first}
    group: take
memory:
  - { iova: 0x40000000, size: 2MiB }
`,
  );
  const detached = project('detached', `devices:\n  port0: { pci: '${first}', group: detach }\n`);

  test('up binds the device, holds its group and maps the memory', async () => {
    const [name] = netdevsOf(alone);
    holds(name !== undefined, 'no network interface to begin with');
    await carriesPackets(name);
    before = hostState();
    ended(await single.up(), 0, 'up');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    equal(netdevsOf(alone), [], 'its network interfaces');
    equal(openError(groupOf(alone)), 'EBUSY', 'opening the group that the supervisor holds');
  });
  test('ps names the running project', async () => {
    const ps = await single.run('ps');
    ended(ps, 0, 'ps');
    contains(ps.stdout, ['single'], 'ps');
  });
  test('up again changes nothing', async () => {
    ended(await single.up(), 0, 'the second up');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
  });
  test('R-BACK-1: after down the host is as before, with its network interface', async () => {
    ended(await single.down(), 0, 'down');
    cameBack(before);
    const [name] = netdevsOf(alone);
    holds(name !== undefined, 'no network interface');
    await carriesPackets(name);
  });
  test('a group is taken whole', async () => {
    ended(await group.up(), 0, 'up');
    equal([linkOf(first, 'driver'), linkOf(second, 'driver')], ['vfio-pci', 'vfio-pci'], 'the drivers of the ports');
  });
  test('R-BACK-1: and comes back whole', async () => {
    ended(await group.down(), 0, 'down');
    cameBack(before);
  });
  test('R-GROUP-1: a sibling that is only detached loses its driver, and the group is viable', async () => {
    // Somebody has written overrides of another driver, and not bound anew.
    for (const port of shared) writeFileSync(overrideOf(port), 'igb\n');
    overridden = hostState();
    ended(await detached.up(), 0, 'up');
    equal([linkOf(first, 'driver'), linkOf(second, 'driver')], ['vfio-pci', undefined], 'the drivers of the ports');
    equal(openError(groupOf(first)), 'EBUSY', 'opening the group that the supervisor holds');
  });
  test('R-BACK-1: both ports get their driver and network interface back, and the override of another driver', async () => {
    ended(await detached.down(), 0, 'down');
    equal(
      shared.map((port) => readFileSync(overrideOf(port), 'utf8')),
      ['igb\n', 'igb\n'],
      'the overrides',
    );
    cameBack(overridden);
    for (const port of shared) writeFileSync(overrideOf(port), '\n');
    cameBack(before);
  });
  cleanup(async () => {
    for (const port of shared) writeFileSync(overrideOf(port), '\n');
    await single.clear();
    await group.clear();
    await detached.clear();
  });
};

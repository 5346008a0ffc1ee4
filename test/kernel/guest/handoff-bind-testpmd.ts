import { statSync } from 'node:fs';
import { equal } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { reserveHugePages } from './memory.ts';
import { findNics, groupOf, linkOf } from './pci.ts';
import { ended, project } from './project.ts';
import { drove, sendForAWhile, startTestpmd } from './testpmd.ts';
import type { Scenario } from './scenario.ts';

/** Somebody else's program takes what `handoff: bind` prepared. */
export const handoffBindTestpmd: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const dpdk = project('dpdk', `devices:\n  nic0:\n    pci: ${alone}\nhandoff:\n  mode: bind\n  user: 65534\n`);
  let before: HostState;

  test('up binds the device and gives its node to the user', async () => {
    before = hostState();
    ended(await dpdk.up(), 0, 'up');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    const node = statSync(`/dev/vfio/${groupOf(alone)}`);
    equal([node.uid, (node.mode & 0o777).toString(8)], [65534, '600'], 'owner and permissions of the node');
  });
  test('dpdk-testpmd finds it and sends', async () => {
    reserveHugePages(64);
    drove(await sendForAWhile(startTestpmd(alone)));
    reserveHugePages(0);
  });
  test('R-BACK-1: after down the host is as before', async () => {
    ended(await dpdk.down(), 0, 'down');
    cameBack(before);
  });
  cleanup(() => reserveHugePages(0));
  cleanup(async () => void (await dpdk.down()));
};

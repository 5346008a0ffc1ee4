import { statSync } from 'node:fs';
import { contains, equal } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { reserveHugePages } from './memory.ts';
import { findNics, groupOf, linkOf } from './pci.ts';
import { ended, project } from './project.ts';
import { drove, sends, startTestpmd, stopTestpmd } from './testpmd.ts';
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
  test('dpdk-testpmd finds it and sends; R-BIND-4: down meanwhile is refused with its name and pid', async () => {
    reserveHugePages(64);
    const testpmd = startTestpmd(alone);
    await sends(testpmd);
    const down = await dpdk.down();
    drove(await stopTestpmd(testpmd));
    reserveHugePages(0);
    ended(down, 5, 'down while testpmd has the device');
    contains(down.stderr, ['dpdk-testpmd', `pid ${testpmd.child.pid}`, groupOf(alone)], 'what down says');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver after the refusal');
  });
  test('R-BACK-1: after down the host is as before', async () => {
    ended(await dpdk.down(), 0, 'down');
    cameBack(before);
  });
  cleanup(() => reserveHugePages(0));
  cleanup(() => dpdk.clear());
};

import { contains, equal } from './assert.ts';
import { start, VFIO_COMPOSE, waitFor, type Running } from './command.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics, groupOf, linkOf } from './pci.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { openError } from './vfio.ts';

/** `up` in the foreground, and the three ways in which it ends. */
export const foreground: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const held = project('held', `devices:\n  nic0: '${alone}'\nmemory:\n  - { iova: 0x40000000, size: 2MiB }\n`);
  let before: HostState;

  /** Starts it and waits until it holds the device. */
  async function upHere(): Promise<Running> {
    const args = ['-f', held.manifest, '--state-dir', held.stateDir, 'up', '--yes'];
    const up = start(VFIO_COMPOSE, args, { limitSeconds: 100 });
    await waitFor(up, 'held by this process', 60);
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    equal(openError(groupOf(alone)), 'EBUSY', 'opening the group that it holds');
    return up;
  }

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`R-BACK-1: ${signal} takes everything back and ends with ${status}`, async () => {
      before = hostState();
      const up = await upHere();
      up.child.kill(signal);
      ended(await up.finished, status, 'up');
      cameBack(before);
      equal(await held.ps(), undefined, 'what ps says of it');
    });
  }
  test('R-BACK-2: after SIGKILL ps calls it crashed, and the device is still bound', async () => {
    await killed(await upHere());
    equal((await held.ps())?.status, 'crashed', 'its status');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
  });
  test('R-BACK-2: the next up brings the host back first, and then comes up', async () => {
    const up = await upHere();
    contains(up.output(), ['bringing the host back first'], 'what up says');
    await killed(up);
  });
  test('R-BACK-2: the next down finishes the way back', async () => {
    const down = await held.down();
    ended(down, 0, 'down');
    contains(down.stderr, ['is down'], 'what down says');
    cameBack(before);
    equal(await held.ps(), undefined, 'what ps says of it');
  });
  cleanup(() => held.clear());
};

async function killed(up: Running): Promise<void> {
  up.child.kill('SIGKILL');
  equal((await up.finished).status, 'SIGKILL', 'how it ended');
}

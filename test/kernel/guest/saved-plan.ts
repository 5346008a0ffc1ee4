import { writeFileSync } from 'node:fs';
import { contains, equal } from './assert.ts';
import { savePlan } from './edited-plan.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics, linkOf, PCI } from './pci.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';

/** A reviewed plan runs as it was reviewed, or not at all. */
export const savedPlan: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  const reviewed = project('reviewed', `devices:\n  nic0: '${alone}'\nmemory:\n  - { iova: 0x40000000, size: 2MiB }\n`);
  let before: HostState;
  let saved: string;
  const upSaved = () => reviewed.run('up', ['-d', '--yes', '--plan', saved], { withoutManifest: true });

  test('up --plan refuses a host that has changed, and names the fact: the device has lost its driver', async () => {
    before = hostState();
    saved = await savePlan(reviewed);
    writeFileSync(`${PCI}/devices/${alone}/driver/unbind`, alone);
    const up = await upSaved();
    const after = linkOf(alone, 'driver');
    writeFileSync(`${PCI}/drivers/e1000e/bind`, alone);
    ended(up, 5, 'up --plan');
    contains(up.stderr, ['plan-stale', 'driver', alone, 'e1000e'], 'what up says');
    equal(after, undefined, 'the driver after the refusal');
    cameBack(before);
  });
  test('it runs the same file once the host is as the plan relies on, and down takes it back', async () => {
    ended(await upSaved(), 0, 'up --plan');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver');
    ended(await reviewed.down(), 0, 'down');
    cameBack(before);
  });
  cleanup(() => reviewed.clear());
};

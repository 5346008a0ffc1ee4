import { readFileSync } from 'node:fs';
import { equal, holds } from './assert.ts';
import { findNics } from './pci.ts';
import { ended, project } from './project.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** A plan made from a snapshot is the plan made on the machine: the promise behind planning on a laptop. */
export const planEqualsCapture: Scenario = ({ test, machine }) => {
  const { alone, shared } = findNics();
  const both = project(
    'both',
    `vms:
  one:
    devices:
      nic0: ${alone}
    memory:
      - { iova: 0x40000000, size: 16MiB }
  two:
    devices:
      port0: { pci: '${shared[0]}', group: take }
    handoff: bind
`,
  );
  const snapshot = both.file('host.json');

  test('capture writes a snapshot of this machine', async () => {
    const capture = await both.run('capture', ['-o', snapshot]);
    ended(capture, 0, 'capture');
    attach(`host-${machine}.json`, readFileSync(snapshot));
  });
  test('the plan from the snapshot is the plan of the machine, byte for byte', async () => {
    const live = await both.run('plan', ['-o', 'json']);
    const offline = await both.run('--host', [snapshot, 'plan', '-o', 'json']);
    ended(live, 0, 'plan');
    ended(offline, 0, 'plan --host');
    attach(`plan-${machine}.json`, live.stdout);
    holds(live.stdout.length > 0, 'the plan is empty');
    equal(offline.stdout === live.stdout, true, 'that the plans are the same');
  });
};

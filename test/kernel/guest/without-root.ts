import { mkdirSync, chownSync } from 'node:fs';
import { contains, equal, holds } from './assert.ts';
import { vfioCompose, type Finished } from './command.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { findNics } from './pci.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';

const NOBODY = 65534;
const OWN = '/run/nobody';

/** What a user without rights can do: look and plan. What they cannot do is named, and nothing is changed. */
export const withoutRoot: Scenario = ({ test }) => {
  const { alone } = findNics();
  const nic = project('nic', `devices:\n  nic0: '${alone}'\nmemory:\n  - { iova: 0x40000000, size: 2MiB }\n`);
  const asNobody = (args: readonly string[]): Promise<Finished> =>
    vfioCompose(args, { cwd: OWN, user: NOBODY, env: { HOME: OWN } });
  let before: HostState;

  test('plan makes the plan that root makes', async () => {
    mkdirSync(OWN, { recursive: true });
    chownSync(OWN, NOBODY, NOBODY);
    before = hostState();
    const [theirs, roots] = [await asNobody(['-f', nic.manifest, 'plan']), await nic.run('plan')];
    ended(theirs, 0, 'plan');
    ended(roots, 0, 'plan of root');
    holds(theirs.stdout.includes('bind'), `the plan binds nothing: ${theirs.stdout}`);
    equal(theirs.stdout === roots.stdout, true, 'that the plans are the same');
  });
  for (const [verb, shown] of [
    ['validate', []],
    ['config', [alone, '0x40000000']],
    ['inspect', [alone, 'e1000e']],
    ['capture', [alone, 'e1000e', 'reservedRegions']],
  ] as const) {
    test(`${verb} needs no root`, async () => {
      const manifest = ['validate', 'config'].includes(verb) ? ['-f', nic.manifest] : [];
      const done = await asNobody([...manifest, verb]);
      ended(done, 0, verb);
      contains(done.stdout, shown, `what ${verb} says`);
    });
  }
  test('up ends with 77 at the step that needs root, and changes nothing', async () => {
    const up = await asNobody(['-f', nic.manifest, '--state-dir', `${OWN}/state`, 'up', '-d', '--yes']);
    ended(up, 77, 'up');
    contains(up.stderr, ['step 1', 'driver_override', alone, 'root', 'Nothing was changed'], 'what up says');
    cameBack(before);
  });
  test("where the state directory is root's, up and down end with 77 and say what to do, and ps says so", async () => {
    mkdirSync(nic.stateDir, { recursive: true, mode: 0o700 });
    const up = await asNobody(['-f', nic.manifest, 'up', '-d', '--yes']);
    const down = await asNobody(['-f', nic.manifest, 'down']);
    for (const refused of [up, down]) {
      ended(refused, 77, 'up or down');
      contains(refused.stderr, [nic.stateDir, 'Run as root', '--state-dir'], 'what it says');
    }
    const ps = await asNobody(['ps']);
    ended(ps, 0, 'ps');
    contains(ps.stdout, ['PROJECT'], 'what ps shows');
    contains(ps.stderr, [nic.stateDir, 'not shown'], 'what ps says');
    cameBack(before);
  });
};

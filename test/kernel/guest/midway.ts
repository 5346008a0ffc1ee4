import { mkdirSync } from 'node:fs';
import { contains, equal, holds } from './assert.ts';
import { HeldRun, planHere } from './held-run.ts';
import { noIommuNode } from './no-iommu.ts';
import { platformLink, platformState } from './platform.ts';
import { ended, project } from './project.ts';
import { XGMAC, XGMAC_DRIVER } from './raw-midway.ts';
import type { Scenario } from './scenario.ts';
import { deviceInfo, openError } from './vfio.ts';

const JOURNAL = '/run/midway';

interface CheckStep {
  readonly kind: string;
  readonly index?: number;
  readonly size?: string;
  readonly count?: number;
  readonly trigger?: string;
}

/** The command on a 32-bit board with the device that VFIO for platform devices was made for. */
export const midway: Scenario = ({ test, cleanup }) => {
  const board = project('board', `devices:\n  nic: { platform: ${XGMAC}, irqs: [{ index: 0 }] }\niommu: noiommu\n`);
  const before = platformState();
  let plan: readonly CheckStep[] = [];
  let run: HeldRun | undefined;

  test('R-GROUP-3: the plan is loud, and resets the device by the module that this kernel has for it', async () => {
    const done = await board.run('plan', ['-o', 'json']);
    ended(done, 0, 'plan');
    contains(done.stderr + done.stdout, [XGMAC, 'UNSAFE', 'calxedaxgmac'], 'the plan');
    plan = (JSON.parse(done.stdout) as { up: CheckStep[] }).up;
  });
  test('R-BIND-1: up binds the XGMAC and holds its group', async () => {
    ended(await board.up(), 0, 'up');
    equal(platformLink('platform', XGMAC, 'driver'), 'vfio-platform', 'the driver');
    equal(openError(noIommuNode('platform', XGMAC)), 'EBUSY', 'opening the group that the supervisor holds');
  });
  test('R-BACK-1: after down its driver has it again, with its network interface', async () => {
    ended(await board.down(), 0, 'down');
    equal(platformLink('platform', XGMAC, 'driver'), XGMAC_DRIVER, 'the driver');
    equal(platformState(), before, 'the host');
  });
  test('R-TREE-2: the regions and interrupts that the plan took from the tree are those of the kernel', async () => {
    mkdirSync(JOURNAL, { recursive: true });
    const devices = { nic: { platform: XGMAC } };
    run = await HeldRun.up(
      planHere({ version: 1, name: 'held', vms: { machine: { iommu: 'noiommu', devices } } }),
      JOURNAL,
    );
    const { regions, irqs } = deviceInfo(run.fd('device:machine/nic'));
    const checks = (kind: string): readonly CheckStep[] => plan.filter((step) => step.kind === kind);
    holds(regions.length > 0 && irqs.length > 0, 'the device has no region or no interrupt');
    equal(
      checks('check-region-info').map(({ index, size }) => ({ index, size })),
      regions.map(({ size }, index) => ({ index, size })),
      'the regions of the plan',
    );
    equal(
      checks('check-irq-info').map(({ index, count, trigger }) => ({ index, count, trigger })),
      irqs.map(({ count, flags }, index) => ({ index, count, trigger: flags === 7 ? 'level' : 'edge' })),
      'the interrupts of the plan',
    );
    await run.back();
    run = undefined;
    equal(platformState(), before, 'the host');
  });
  cleanup(async () => {
    await run?.back();
    await board.down();
  });
};

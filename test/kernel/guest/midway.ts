import { mkdirSync } from 'node:fs';
import { contains, equal } from './assert.ts';
import { runProgram, vfioCompose } from './command.ts';
import { HeldRun, planHere } from './held-run.ts';
import { noIommuNode } from './no-iommu.ts';
import { bindError, bindPlatform, giveBackPlatform, platformLink, platformState } from './platform.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { tableAgrees } from './tree-table.ts';
import { deviceInfo, openError } from './vfio.ts';
import { XGMAC, XGMAC_DRIVER } from './xgmac.ts';

const JOURNAL = '/run/midway';
/** The kernel has no reset handler for it (drivers/vfio/platform/reset), and insists on one: reset_required is Y here. */
const SATA = 'ffe08000.sata';

/** The command on a 32-bit board with the device that VFIO for platform devices was made for. */
export const midway: Scenario = ({ test, cleanup }) => {
  const board = project('board', `devices:\n  nic: { platform: ${XGMAC}, irqs: [{ index: 0 }] }\niommu: noiommu\n`);
  const before = platformState();
  let run: HeldRun | undefined;

  test('R-GROUP-3: the plan is loud, and resets the device by the module that this kernel has for it', async () => {
    const done = await board.run('plan');
    ended(done, 0, 'plan');
    contains(done.stdout, [XGMAC, 'UNSAFE', 'calxedaxgmac'], 'the plan');
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
  test('R-TREE-2: the table that inspect takes from the tree is what the kernel says of the open device', async () => {
    mkdirSync(JOURNAL, { recursive: true });
    const devices = { nic: { platform: XGMAC } };
    run = await HeldRun.up(
      await planHere({ version: 1, name: 'held', vms: { machine: { iommu: 'noiommu', devices } } }),
      JOURNAL,
    );
    await tableAgrees(XGMAC, deviceInfo(run.fd(`device:${XGMAC}`)));
    await run.back();
    run = undefined;
    equal(platformState(), before, 'the host');
  });
  test('R-TREE-2: inspect --check asks the kernel of a device on VFIO, and says so of one that is not', async () => {
    const unbound = await vfioCompose(['inspect', XGMAC, '--check']);
    ended(unbound, 4, 'inspect --check of a device of the host');
    bindPlatform('platform', XGMAC, 'vfio-platform');
    const bound = await vfioCompose(['inspect', XGMAC, '--check']);
    giveBackPlatform('platform', XGMAC);
    ended(bound, 0, 'inspect --check');
    equal(platformState(), before, 'the host');
  });
  test('R-GROUP-5: a device that the kernel cannot reset is refused by name, and nothing is touched', async () => {
    const up = await project('sata', `devices:\n  disks: { platform: ${SATA}, reset: none }\niommu: noiommu\n`).up();
    ended(up, 4, 'up');
    contains(up.stderr, ['reset-handler-absent', SATA, 'reset_required'], 'what up says');
    equal(platformState(), before, 'the host');
  });
  test('the kernel itself refuses to bind it: ENOENT, and its log says why', async () => {
    equal(bindError('platform', SATA, 'vfio-platform'), 'ENOENT', 'binding it by hand');
    const log = await runProgram('busybox', ['dmesg']);
    contains(log.stdout, [`No reset function found for device ${SATA}`], "the kernel's log");
    giveBackPlatform('platform', SATA);
    equal(platformState(), before, 'the host');
  });
  cleanup(async () => {
    await run?.back();
    await board.down();
  });
};

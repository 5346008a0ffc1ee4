import { mkdtempSync } from 'node:fs';
import { contains, equal } from './assert.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { bindTo, findNics, giveBack, groupOf, linkOf } from './pci.ts';
import { savePlan, upEdited, withoutResource } from './edited-plan.ts';
import { HeldRun, planHere } from './held-run.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import * as vfio from './vfio.ts';

/**
 * What the kernel refuses. Where the command can know beforehand, it must say so and touch nothing; where it cannot, the
 * kernel's refusal must be named and the host be put back.
 */
export const kernelErrors: Scenario = ({ test, cleanup }) => {
  const { alone, shared } = findNics();
  const [first, second] = shared;
  const nic = (name: string, rest = ''): ReturnType<typeof project> =>
    project(name, `devices:\n  nic0:\n    pci: ${alone}\n${rest}`);
  let before: HostState;
  const open: number[] = [];

  test('R-GROUP-2: a group that is not viable is refused with the name of the member in the way', async () => {
    before = hostState();
    const up = await project('half', `devices:\n  port0:\n    pci: ${first}\n`).up();
    ended(up, 4, 'up');
    contains(up.stderr, [second, 'e1000e'], 'what up says');
    cameBack(before);
  });
  test('a mapping on the MSI window is refused with the window', async () => {
    const { start } = vfio.msiWindow(groupOf(alone));
    const up = await nic('msi', `memory:\n  - { iova: 0x${start.toString(16)}, size: 4KiB }\n`).up();
    ended(up, 4, 'up');
    contains(up.stderr.toLowerCase(), [start.toString(16), 'msi'], 'what up says');
    cameBack(before);
  });
  test('the kernel itself refuses a mapping on the MSI window: EINVAL at the step, and the host is put back', async () => {
    const { start } = vfio.msiWindow(groupOf(alone));
    const edited = nic('msi-kernel', 'memory:\n  - { iova: 0x40000000, size: 4KiB }\n');
    const up = await upEdited(edited, await savePlan(edited), (plan) => {
      for (const step of [...plan.up, ...plan.down]) {
        if (step.iova !== undefined) step.iova = `0x${start.toString(16)}`;
        if (step.ranges !== undefined) step.ranges = [];
      }
    });
    ended(up, 1, 'up --plan');
    contains(up.stderr, ['VFIO_IOMMU_MAP_DMA', 'EINVAL', 'map-dma:'], 'what up says');
    cameBack(before);
  });
  test('the kernel itself tells that a group is not viable, and the host is put back', async () => {
    const edited = project('half-kernel', `devices:\n  port0:\n    pci: ${first}\n    group: take\n`);
    const up = await upEdited(edited, await savePlan(edited), (plan) => withoutResource(plan, `device ${second}`));
    ended(up, 1, 'up --plan');
    contains(up.stderr, ['check-group-viable', 'not viable'], 'what up says');
    cameBack(before);
  });
  test('the kernel itself refuses a second container for a group: EBUSY at the step, and the host is put back', async () => {
    bindTo(alone, 'vfio-pci');
    const bound = hostState();
    const plan = await planHere({ version: 1, name: 'busy', vms: { machine: { devices: { nic0: { pci: alone } } } } });
    open.push(vfio.openGroup(groupOf(alone)));
    // By the runtime alone: the command looks who has the group, and does not come so far.
    const folder = mkdtempSync('/run/busy-');
    const refusal = await HeldRun.up(plan, folder).then(
      () => 'up',
      (error: unknown) => String(error),
    );
    contains(refusal, ['open-group', 'EBUSY'], 'how it ends');
    cameBack(bound);
    closeAll(open);
    giveBack(alone);
  });
  test('R-BIND-4: a group that another process has open is refused with its name, and nothing is touched', async () => {
    bindTo(alone, 'vfio-pci');
    const bound = hostState();
    open.push(vfio.openGroup(groupOf(alone)));
    const up = await nic('busy').up();
    holdsAny(up.status, [4, 5], up.stderr);
    contains(up.stderr, [String(process.pid), `/dev/vfio/${groupOf(alone)}`], 'what up says of the holder');
    cameBack(bound);
    closeAll(open);
  });
  test('R-BIND-4: a device that another process drives is refused with the name of the holder', async () => {
    const container = vfio.openContainer();
    const group = vfio.openGroup(groupOf(alone));
    open.push(container, group);
    vfio.succeed('SET_CONTAINER', vfio.setContainer(group, container));
    vfio.succeed('SET_IOMMU', vfio.setIommu(container, vfio.TYPE1V2));
    open.push(vfio.succeed('GET_DEVICE_FD', vfio.deviceFd(group, alone)));
    const up = await nic('held').up();
    holdsAny(up.status, [1, 4, 5], up.stderr);
    contains(up.stderr, [String(process.pid)], 'what up says of the holder');
    closeAll(open);
    giveBack(alone);
  });
  test('a second project on a held group is refused', async () => {
    const holder = nic('holder');
    ended(await holder.up(), 0, 'the first up');
    const up = await nic('second').up();
    holdsAny(up.status, [1, 4, 5, 7], up.stderr);
    contains(up.stderr, ['holder'], 'what up says');
    equal(linkOf(alone, 'driver'), 'vfio-pci', 'the driver while the first project runs');
    ended(await holder.down(), 0, 'down');
    cameBack(before);
  });
  test('more memory than the guest has fails, and the host is put back', async () => {
    const up = await nic('huge', 'memory:\n  - { iova: 0x100000000, size: 64GiB }\n').up();
    holdsAny(up.status, [1, 4], up.stderr);
    cameBack(before);
  });
  cleanup(() => closeAll(open));
  cleanup(async () => {
    for (const name of ['busy', 'held', 'second', 'holder', 'huge', 'msi-kernel', 'half-kernel', 'busy-kernel'])
      await nic(name).clear();
  });
  cleanup(() => {
    if (linkOf(alone, 'driver') !== 'e1000e') giveBack(alone);
  });
};

function holdsAny(status: unknown, expected: readonly number[], said: string): void {
  if (!expected.includes(status as number)) throw new Error(`up ended with ${String(status)}: ${said}`);
}

function closeAll(fds: number[]): void {
  for (const fd of fds.splice(0).reverse()) vfio.close(fd);
}

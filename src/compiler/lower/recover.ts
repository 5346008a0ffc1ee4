import { invariant, type ResolvedDevice, type ResolvedVm } from '../../model/index.ts';
import { refOf } from './binding.ts';
import { groupOf } from './groups.ts';
import { type ProgramStep, regionsOf } from './program.ts';
import type { StepList } from './steps.ts';

/**
 * Steps that silence a device when whoever held it is gone (R-RESET-1): its user was killed, or the machine's own supervisor
 * was. They open it through a container of its own, in which nothing is mapped, so that an IOMMU lets none of its DMA
 * through meanwhile; run its program; and close it. It then goes back to the host, or to its next owner.
 */
export function lowerRecovery(
  vm: ResolvedVm,
  entry: ResolvedDevice,
  program: readonly ProgramStep[],
  steps: StepList,
): void {
  if (program.length === 0) return;
  const { address, driver } = entry.device;
  const resource = `device ${address}`;
  const container = `container#recover/${address}`;
  const groupHandle = `group:recover/${address}`;
  const handle = `device:${address}`;
  const device = refOf(entry.device);
  const group = groupOf(vm, entry);
  const { type, extension } = vm.iommu;
  // What was on VFIO before has no step of its own that gave it away.
  const undoes =
    driver === entry.driver
      ? `${group.kind === 'iommu' ? 'wait-node:/dev/vfio/' : 'wait-noiommu-node:'}${group.kind === 'iommu' ? group.id : address}`
      : `bind-driver:${address}`;
  invariant(steps.has(undoes), `the recovery of ${address} stands for ${undoes}, which is no step`);
  const because = (cause: string) => ({ resource, cause });
  steps.recover('open-container', undoes, address, because('its user is gone; nothing is mapped in here'), {
    handle: container,
  });
  steps.recover('check-api-version', undoes, address, because('everything after relies on version 0'), { container });
  const open = because(`whatever ${entry.name} of ${vm.name} left running ends now`);
  if (group.kind === 'iommu')
    steps.recover('open-group', undoes, address, open, { handle: groupHandle, group: group.id });
  else steps.recover('open-noiommu-group', undoes, address, open, { handle: groupHandle, device });
  steps.recover('check-group-viable', undoes, address, because('no host driver may be in it'), { groupHandle });
  steps.recover('set-container', undoes, address, because('a device is opened through one'), {
    groupHandle,
    container,
  });
  steps.recover('set-iommu', undoes, address, because(`iommu: ${type}`), { container, type, extension });
  steps.recover('open-device', undoes, address, because('to silence it'), { handle, groupHandle, device });
  for (const index of regionsOf(program)) {
    const reason = because(`${entry.resetBy?.plugin.name ?? 'its reset'} reaches into it`);
    steps.recover('check-region-info', undoes, `${address}/${index}`, reason, { deviceHandle: handle, index });
  }
  for (const step of program) {
    steps.recover(step.kind, undoes, `${address}/${step.subject}`, because(step.cause), step.details as never);
  }
  steps.recover('close', undoes, handle, because('it is silent'), { handle });
  steps.recover('unset-container', undoes, address, because('leaves the container'), { groupHandle });
  steps.recover('close', undoes, groupHandle, because('frees the group'), { handle: groupHandle });
  steps.recover('close', undoes, container, because('last user of the container'), { handle: container });
}

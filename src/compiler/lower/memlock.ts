import { formatBytes, type HostIndex, lockedMemory, type ResolvedManifest } from '../../model/index.ts';
import type { StepList } from './steps.ts';

/** Raises the limit of locked memory where the process that holds may, and has to. Stands before all that is mapped. */
export function lowerMemlock(manifest: ResolvedManifest, host: HostIndex, steps: StepList): void {
  const locked = lockedMemory(manifest, host.inventory);
  if (locked.kind !== 'raise') return;
  const resource = 'locked memory of this process';
  const at = manifest.vms.find((vm) => vm.handoff.mode === 'hold' && vm.memory.length > 0)?.memory[0]?.at;
  const cause = `the plan pins ${formatBytes(locked.needed)}`;
  const raise = steps.add('set-memlock-limit', 'self', { resource, cause, at }, locked.to);
  steps.undo('set-memlock-limit', raise, 'self', { resource, cause: 'as it was' }, locked.from);
}

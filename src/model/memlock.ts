import { type Bytes, bytes } from './address.ts';
import type { HostInventory } from './inventory.ts';
import type { ResolvedManifest } from './resolved.ts';
import { totalOf } from './extent.ts';

/** What the limit of locked memory means for the process that maps the memory of a manifest. */
export type LockedMemory =
  | { readonly kind: 'enough' }
  /** Its own limit is too low, and it may raise it: to these, from those that it has. Null is no limit. */
  | { readonly kind: 'raise'; readonly needed: bigint; readonly to: LockLimits; readonly from: LockLimits }
  | { readonly kind: 'short'; readonly needed: bigint; readonly limit: Bytes; readonly hard: Bytes };

interface LockLimits {
  readonly soft: Bytes | null;
  readonly hard: Bytes | null;
}

/**
 * Pinned memory counts against RLIMIT_MEMLOCK of the process, over all its containers, unless it has CAP_IPC_LOCK
 * (`vfio_lock_acct` and `vfio_dma_do_map` in drivers/vfio/vfio_iommu_type1.c). A process raises its soft limit up to the hard one by
 * itself, and the hard one with CAP_SYS_RESOURCE (`do_prlimit` in kernel/sys.c).
 */
export function lockedMemory({ vms }: ResolvedManifest, { limits }: HostInventory): LockedMemory {
  const { memlock, memlockHard = memlock, mayLockAnything, mayRaiseLimits = false } = limits;
  const needed = vms.filter((vm) => vm.handoff.mode === 'hold').reduce((sum, vm) => sum + totalOf(vm), 0n);
  if (memlock === null || mayLockAnything || needed <= memlock) return { kind: 'enough' };
  const from = { soft: memlock, hard: memlockHard };
  const soft = bytes(needed);
  if (memlockHard === null || needed <= memlockHard) return { kind: 'raise', needed, from, to: { ...from, soft } };
  if (mayRaiseLimits) return { kind: 'raise', needed, from, to: { soft, hard: soft } };
  return { kind: 'short', needed, limit: memlock, hard: memlockHard };
}

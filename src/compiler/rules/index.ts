import type { Diagnostic } from '../../model/index.ts';
import type { Rule, RuleContext } from './rule.ts';
import { busNotSupportedRule } from './bus-not-supported.ts';
import { cacheableNotOfferedRule } from './cacheable-not-offered.ts';
import { childVanishesRule } from './child-vanishes.ts';
import { childWithoutIsolationRule } from './child-without-isolation.ts';
import { childrenLeftWithHostRule } from './children-left-with-host.ts';
import { dependencySharedRule } from './dependency-shared.ts';
import { deviceGuardsOthersRule } from './device-guards-others.ts';
import { deviceInUseRule } from './device-in-use.ts';
import { deviceNamedTwiceRule } from './device-named-twice.ts';
import { deviceNotCoherentRule } from './device-not-coherent.ts';
import { deviceOnDenyListRule } from './device-on-deny-list.ts';
import { deviceOnVfioAlreadyRule } from './device-on-vfio-already.ts';
import { deviceWithoutCompatibleRule } from './device-without-compatible.ts';
import { deviceWithoutGroupRule } from './device-without-group.ts';
import { directReservedRegionRule } from './direct-reserved-region.ts';
import { driverUnknownRule } from './driver-unknown.ts';
import { excludedChildSharesPageRule } from './excluded-child-shares-page.ts';
import { exposeNotOfferedRule } from './expose-not-offered.ts';
import { groupHeldRule } from './group-held.ts';
import { groupNotViableRule } from './group-not-viable.ts';
import { groupSplitRule } from './group-split.ts';
import { guestAddressTwiceRule } from './guest-address-twice.ts';
import { guestWindowOverlapRule } from './guest-window-overlap.ts';
import { hugePagesShortRule } from './huge-pages-short.ts';
import { irqNotOfferedRule } from './irq-not-offered.ts';
import { irqsExclusiveRule } from './irqs-exclusive.ts';
import { memlockTooSmallRule } from './memlock-too-small.ts';
import { memoryMisalignedRule } from './memory-misaligned.ts';
import { memoryOverlapsRule } from './memory-overlaps.ts';
import { memoryWrapsRule } from './memory-wraps.ts';
import { memoryZeroSizeRule } from './memory-zero-size.ts';
import { mmapNotOfferedRule } from './mmap-not-offered.ts';
import { notAnEndpointRule } from './not-an-endpoint.ts';
import { pageSharedWithHostRule } from './page-shared-with-host.ts';
import { pfWithVfsRule } from './pf-with-vfs.ts';
import { projectConflictRule } from './project-conflict.ts';
import { resetHandlerAbsentRule } from './reset-handler-absent.ts';
import { vfWithoutItsPfRule } from './vf-without-its-pf.ts';
import { vfsNotOfferedRule } from './vfs-not-offered.ts';
import { vfioModuleAbsentRule } from './vfio-module-absent.ts';

/** Every law, one file each: names, then isolation, use, reset, memory, the kernel, interrupts, regions. The order is that of the output. */
export const rules: readonly Rule[] = [
  deviceNamedTwiceRule,
  busNotSupportedRule,
  deviceGuardsOthersRule,
  childVanishesRule,
  deviceWithoutCompatibleRule,
  deviceWithoutGroupRule,
  childWithoutIsolationRule,
  notAnEndpointRule,
  groupSplitRule,
  groupNotViableRule,
  directReservedRegionRule,
  deviceNotCoherentRule,
  excludedChildSharesPageRule,
  pageSharedWithHostRule,
  childrenLeftWithHostRule,
  dependencySharedRule,
  projectConflictRule,
  groupHeldRule,
  deviceInUseRule,
  pfWithVfsRule,
  vfWithoutItsPfRule,
  vfsNotOfferedRule,
  deviceOnDenyListRule,
  driverUnknownRule,
  vfioModuleAbsentRule,
  deviceOnVfioAlreadyRule,
  resetHandlerAbsentRule,
  memoryZeroSizeRule,
  memoryMisalignedRule,
  memoryWrapsRule,
  memoryOverlapsRule,
  memlockTooSmallRule,
  hugePagesShortRule,
  irqNotOfferedRule,
  irqsExclusiveRule,
  mmapNotOfferedRule,
  cacheableNotOfferedRule,
  exposeNotOfferedRule,
  guestAddressTwiceRule,
  guestWindowOverlapRule,
];

/** Checks a resolved manifest against every law. All of them run, whatever the others find. */
export const checkRules = (context: RuleContext): Diagnostic[] => rules.flatMap((rule) => rule.check(context));

import type { Diagnostic } from '../../model/index.ts';
import type { Rule, RuleContext } from './rule.ts';
import { busResetHitsOthersRule } from './bus-reset-hits-others.ts';
import { deviceInUseRule } from './device-in-use.ts';
import { deviceNamedTwiceRule } from './device-named-twice.ts';
import { deviceOnDenyListRule } from './device-on-deny-list.ts';
import { deviceOnVfioAlreadyRule } from './device-on-vfio-already.ts';
import { deviceWithoutGroupRule } from './device-without-group.ts';
import { directReservedRegionRule } from './direct-reserved-region.ts';
import { driverUnknownRule } from './driver-unknown.ts';
import { groupHeldRule } from './group-held.ts';
import { groupNotViableRule } from './group-not-viable.ts';
import { groupSplitRule } from './group-split.ts';
import { guestAddressTwiceRule } from './guest-address-twice.ts';
import { guestWindowOverlapRule } from './guest-window-overlap.ts';
import { hugePagesShortRule } from './huge-pages-short.ts';
import { interruptsNotIsolatedRule } from './interrupts-not-isolated.ts';
import { irqNotOfferedRule } from './irq-not-offered.ts';
import { irqsExclusiveRule } from './irqs-exclusive.ts';
import { memlockTooSmallRule } from './memlock-too-small.ts';
import { memoryMisalignedRule } from './memory-misaligned.ts';
import { memoryOnReservedRegionRule } from './memory-on-reserved-region.ts';
import { memoryOutsideApertureRule } from './memory-outside-aperture.ts';
import { memoryOverlapsRule } from './memory-overlaps.ts';
import { memoryWrapsRule } from './memory-wraps.ts';
import { memoryZeroSizeRule } from './memory-zero-size.ts';
import { msiBanksNotApplicableRule } from './msi-banks-not-applicable.ts';
import { notAnEndpointRule } from './not-an-endpoint.ts';
import { pfWithVfsRule } from './pf-with-vfs.ts';
import { projectConflictRule } from './project-conflict.ts';
import { resetNotPossibleRule } from './reset-not-possible.ts';
import { tooManyMappingsRule } from './too-many-mappings.ts';
import { vfWithoutItsPfRule } from './vf-without-its-pf.ts';
import { vfioModuleAbsentRule } from './vfio-module-absent.ts';

/** Every law, one file each: names, then isolation, use, reset, memory, the kernel, interrupts. The order is that of the output. */
export const rules: readonly Rule[] = [
  deviceNamedTwiceRule,
  deviceWithoutGroupRule,
  notAnEndpointRule,
  groupSplitRule,
  groupNotViableRule,
  directReservedRegionRule,
  interruptsNotIsolatedRule,
  projectConflictRule,
  groupHeldRule,
  deviceInUseRule,
  pfWithVfsRule,
  vfWithoutItsPfRule,
  deviceOnDenyListRule,
  driverUnknownRule,
  vfioModuleAbsentRule,
  deviceOnVfioAlreadyRule,
  resetNotPossibleRule,
  busResetHitsOthersRule,
  memoryZeroSizeRule,
  memoryMisalignedRule,
  memoryWrapsRule,
  memoryOverlapsRule,
  memoryOutsideApertureRule,
  memoryOnReservedRegionRule,
  tooManyMappingsRule,
  memlockTooSmallRule,
  hugePagesShortRule,
  msiBanksNotApplicableRule,
  irqNotOfferedRule,
  irqsExclusiveRule,
  guestAddressTwiceRule,
  guestWindowOverlapRule,
];

/** Checks a resolved manifest against every law. All of them run, whatever the others find. */
export const checkRules = (context: RuleContext): Diagnostic[] => rules.flatMap((rule) => rule.check(context));

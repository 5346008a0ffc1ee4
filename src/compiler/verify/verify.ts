import type { Diagnostic, Plan } from '../../model/index.ts';
import { checkAllowList } from './allow-list.ts';
import { checkAssignments } from './assignments.ts';
import { checkHandles } from './handles.ts';
import { planBreaksLaw } from './law.ts';
import { checkMappings } from './mappings.ts';
import { checkNoiommu } from './noiommu.ts';
import { checkOrder } from './order.ts';
import { checkReferences } from './references.ts';
import { checkForeignIommus } from './foreign-iommu.ts';
import { checkRecovery } from './recovery.ts';
import { checkHotResets } from './hot-resets.ts';
import { checkProcesses } from './processes.ts';
import { checkRegisters } from './registers.ts';
import { checkWayBack } from './way-back.ts';

export { planBreaksLaw };

const CAP = 20;

/**
 * The laws that any plan must keep, whoever wrote it. A plan file is untrusted input to a process that may be root's, so
 * this runs on compiled and on loaded plans alike. The shape has been checked against schema/plan.schema.json before.
 */
export function verifyPlan(plan: Plan): Diagnostic[] {
  const laws = [
    checkReferences,
    checkAssignments,
    checkAllowList,
    checkHandles,
    checkOrder,
    checkNoiommu,
    checkMappings,
    checkWayBack,
    checkRegisters,
    checkHotResets,
    checkForeignIommus,
    checkRecovery,
    checkProcesses,
  ];
  const found: Diagnostic[] = [];
  for (const law of laws) {
    for (const sentence of law(plan)) {
      found.push(planBreaksLaw({ detail: sentence }));
      if (found.length >= CAP) return found;
    }
  }
  return found;
}

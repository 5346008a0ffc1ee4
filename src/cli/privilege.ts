import { accessSync, constants, existsSync } from 'node:fs';
import type { Plan, Step } from '../model/index.ts';
import { describeStep } from '../render/step.ts';
import { sysfs } from '../runtime/executor/sysfs.ts';

/** The file that a step writes to or opens, where it is there before the plan runs; undefined for a step that asks for no right. */
function fileOf(step: Step): string | undefined {
  switch (step.kind) {
    case 'set-driver-override':
      return sysfs.driverOverride(step.device);
    case 'unbind-driver':
      return sysfs.unbind(step.device, step.driver);
    case 'bind-driver':
      return sysfs.bind(step.device, step.driver);
    case 'set-module-parameter':
      return sysfs.parameter(step.module, step.parameter);
    case 'set-huge-pages':
      return sysfs.hugePages(step.pageSize);
    case 'set-vf-autoprobe':
      return sysfs.vfAutoprobe(step.device);
    case 'set-vf-count':
      return sysfs.vfCount(step.device);
    case 'open-group':
      return `/dev/vfio/${step.group}`;
    case 'open-container':
      return '/dev/vfio/vfio';
    default:
      return undefined;
  }
}

/** Kinds that only root may do, whatever a file says: a group of no-IOMMU mode asks for CAP_SYS_RAWIO besides. */
const ROOT_ONLY: ReadonlySet<Step['kind']> = new Set(['load-module', 'chown-node', 'chmod-node', 'open-noiommu-group']);

function isAllowed(step: Step): boolean {
  if (ROOT_ONLY.has(step.kind)) return process.geteuid?.() === 0;
  const file = fileOf(step);
  if (file === undefined || !existsSync(file)) return true;
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Which step of a plan this process may not do: found before the first one runs, and only by what the kernel itself
 * asks for. A sentence, or undefined where nothing is missing.
 */
export function missingPrivilege(plan: Plan): string | undefined {
  const refused = plan.up.find((step) => !isAllowed(step));
  if (!refused) return undefined;
  const number = plan.up.indexOf(refused) + 1;
  return `this user may not do step ${number} (${describeStep(refused)}). Run it as root${
    refused.kind === 'open-group' ? ', or give the node to this user' : ''
  }.`;
}

import { type Step, unreachable } from '../../model/index.ts';
import type { Law } from './law.ts';

interface HandleUse {
  readonly makes?: string;
  readonly uses: readonly string[];
  readonly ends?: string;
}

/** Which run-time handles a step makes, uses and ends. */
export function handlesOf(step: Step): HandleUse {
  switch (step.kind) {
    case 'load-module':
    case 'set-module-parameter':
    case 'set-huge-pages':
    case 'set-vf-autoprobe':
    case 'set-vf-count':
    case 'set-memlock-limit':
    case 'set-driver-override':
    case 'unbind-driver':
    case 'bind-driver':
    case 'wait-node':
    case 'wait-noiommu-node':
    case 'chown-node':
    case 'chmod-node':
      return { uses: [] };
    case 'open-container':
    case 'open-group':
    case 'open-noiommu-group':
    case 'create-memfd':
    case 'create-eventfd':
      return { makes: step.handle, uses: [] };
    case 'open-device':
      return { makes: step.handle, uses: [step.groupHandle] };
    case 'allocate-memory':
      return { makes: step.handle, uses: step.memfd === null ? [] : [step.memfd] };
    case 'free-memory':
      return { uses: [], ends: step.memory };
    case 'close':
      return { uses: [], ends: step.handle };
    default:
      return { uses: usedBy(step) };
  }
}

/** Steps that no handle is only used by. */
type Maker =
  | 'load-module'
  | 'set-module-parameter'
  | 'set-huge-pages'
  | 'set-vf-autoprobe'
  | 'set-vf-count'
  | 'set-memlock-limit'
  | 'set-driver-override'
  | 'unbind-driver'
  | 'bind-driver'
  | 'wait-node'
  | 'wait-noiommu-node'
  | 'chown-node'
  | 'chmod-node'
  | 'open-container'
  | 'open-group'
  | 'open-noiommu-group'
  | 'create-memfd'
  | 'create-eventfd'
  | 'open-device'
  | 'allocate-memory'
  | 'free-memory'
  | 'close';

/** Of steps that only use handles: which. */
function usedBy(step: Exclude<Step, { kind: Maker }>): readonly string[] {
  switch (step.kind) {
    case 'check-api-version':
    case 'check-extension':
    case 'set-iommu':
    case 'container-ioctl':
    case 'check-iommu-info':
    case 'unmap-dma':
      return [step.container];
    case 'check-group-viable':
    case 'unset-container':
      return [step.groupHandle];
    case 'set-container':
      return [step.groupHandle, step.container];
    case 'check-device-info':
    case 'check-region-info':
    case 'check-irq-info':
    case 'check-devtree-info':
    case 'clear-irq-unmask':
    case 'reset-device':
    case 'write-region':
    case 'modify-region':
    case 'expect-region':
    case 'poll-region':
    case 'delay':
    case 'check-hot-reset':
    case 'clear-irqs':
      return [step.deviceHandle];
    case 'hot-reset':
      return [step.deviceHandle, ...step.groupHandles];
    case 'set-irqs':
      return [step.deviceHandle, ...step.eventfds];
    case 'set-irq-unmask':
      return [step.deviceHandle, step.eventfd];
    case 'resize-memfd':
      return [step.memfd];
    case 'map-dma':
      return [step.container, step.memory];
    default:
      return unreachable(step);
  }
}

/** No handle is used before it is made or after it is closed, none is made twice, and all are closed in the end. */
export const checkHandles: Law = function* (plan) {
  const made = new Map<string, string>();
  const ended = new Set<string>();
  for (const step of [...plan.up, ...plan.down]) {
    const { makes, uses, ends } = handlesOf(step);
    for (const handle of [...uses, ...(ends === undefined ? [] : [ends])]) {
      if (!made.has(handle)) yield `${step.id} uses ${handle} before it is made.`;
      else if (ended.has(handle)) yield `${step.id} uses ${handle} after it is closed.`;
    }
    if (makes !== undefined) {
      if (made.has(makes)) yield `${step.id} makes ${makes}, which is made already.`;
      made.set(makes, step.id);
      if (step.undoes !== undefined) yield `${step.id} makes ${makes} on the way back.`;
    }
    if (ends !== undefined) ended.add(ends);
  }
  for (const [handle, id] of made) {
    if (!ended.has(handle)) yield `${handle}, made by ${id}, is not closed on the way back.`;
  }
};

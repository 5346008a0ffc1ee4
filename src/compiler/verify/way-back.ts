import { type Step, unreachable } from '../../model/index.ts';
import type { Law } from './law.ts';

/** The kind of step that takes a step back, and what both must agree on; null for what has no way back. */
function inverseOf(step: Step): string | null {
  switch (step.kind) {
    case 'set-module-parameter':
      return `set-module-parameter ${step.module}.${step.parameter}`;
    case 'set-driver-override':
      return `set-driver-override ${step.device.address}`;
    case 'unbind-driver':
      return `bind-driver ${step.device.address} ${step.driver}`;
    case 'bind-driver':
      return `unbind-driver ${step.device.address} ${step.driver}`;
    case 'chown-node':
    case 'chmod-node':
      return `${step.kind} ${step.path}`;
    case 'open-container':
    case 'open-group':
    case 'open-noiommu-group':
    case 'open-device':
    case 'create-memfd':
    case 'create-eventfd':
      return `close ${step.handle}`;
    case 'set-container':
      return `unset-container ${step.groupHandle}`;
    case 'allocate-memory':
      return `free-memory ${step.handle} ${step.size}`;
    case 'map-dma':
      return `unmap-dma ${step.container} ${step.iova} ${step.size}`;
    case 'set-irqs':
      return `clear-irqs ${step.deviceHandle} ${step.index}`;
    case 'set-irq-unmask':
      return `clear-irq-unmask ${step.deviceHandle} ${step.index}`;
    // A loaded module stays (docs/adr/0002); the IOMMU model goes with the last group; the rest leaves nothing behind.
    case 'load-module':
    case 'set-iommu':
    case 'reset-device':
    case 'write-region':
    case 'resize-memfd':
    case 'wait-node':
    case 'wait-noiommu-node':
    case 'check-api-version':
    case 'check-extension':
    case 'check-group-viable':
    case 'check-iommu-info':
    case 'check-device-info':
    case 'check-region-info':
    case 'check-irq-info':
    case 'check-devtree-info':
      return null;
    case 'unset-container':
    case 'unmap-dma':
    case 'free-memory':
    case 'clear-irqs':
    case 'clear-irq-unmask':
    case 'close':
      return null;
    default:
      return unreachable(step);
  }
}

/** What a way-back step says that it takes back, in the words of {@link inverseOf}. */
function wordsOf(step: Step): string {
  switch (step.kind) {
    case 'set-module-parameter':
      return `${step.kind} ${step.module}.${step.parameter}`;
    case 'set-driver-override':
      return `${step.kind} ${step.device.address}`;
    case 'unbind-driver':
    case 'bind-driver':
      return `${step.kind} ${step.device.address} ${step.driver}`;
    case 'chown-node':
    case 'chmod-node':
      return `${step.kind} ${step.path}`;
    case 'close':
      return `close ${step.handle}`;
    case 'unset-container':
      return `unset-container ${step.groupHandle}`;
    case 'free-memory':
      return `free-memory ${step.memory} ${step.size}`;
    case 'unmap-dma':
      return `unmap-dma ${step.container} ${step.iova} ${step.size}`;
    case 'clear-irqs':
    case 'clear-irq-unmask':
      return `${step.kind} ${step.deviceHandle} ${step.index}`;
    default:
      return step.kind;
  }
}

/** What may stand on the way back besides the inverses: a device is silenced and reset before its memory goes. */
const BACK_ONLY: ReadonlySet<Step['kind']> = new Set(['reset-device', 'write-region']);

/** Every acquisition is undone by the step that takes it back, once, and nothing else stands on the way back. */
export const checkWayBack: Law = function* (plan) {
  const undone = new Map<string, Step>();
  const acquired = new Map(plan.up.map((step) => [step.id, step]));
  for (const step of plan.down) {
    if (BACK_ONLY.has(step.kind)) continue;
    const original = acquired.get(step.undoes ?? '');
    if (!original || inverseOf(original) !== wordsOf(step)) {
      yield `${step.id} (${wordsOf(step)}) is not what takes ${step.undoes ?? 'nothing'} back.`;
    }
    if (undone.has(step.undoes ?? '')) yield `${step.id} takes ${step.undoes} back a second time.`;
    undone.set(step.undoes ?? '', step);
  }
  for (const step of plan.up) {
    const inverse = inverseOf(step);
    if (inverse !== null && !undone.has(step.id)) yield `${step.id} has no way back: ${inverse} is missing.`;
  }
};

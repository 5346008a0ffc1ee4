import { SILENCING_KINDS, type Step, type StepKind, type StepOf } from '../../model/index.ts';
import type { Law } from './law.ts';

interface Row<K extends StepKind> {
  /** The kind of step that takes this one back; null for what has no way back, or is one itself. */
  readonly back: StepKind | null;
  /** What it acts on: a step and the one that takes it back must say the same. */
  subject(step: StepOf<K>): string;
}

const device = (step: { readonly device: { readonly bus: string; readonly address: string } }): string =>
  `${step.device.bus} ${step.device.address}`;
const bound = (step: StepOf<'bind-driver' | 'unbind-driver'>): string => `${device(step)} ${step.driver}`;
const handle = (step: { readonly handle: string }): string => step.handle;
const path = (step: { readonly path: string }): string => step.path;
const group = (step: { readonly groupHandle: string }): string => step.groupHandle;
const range = (step: StepOf<'map-dma' | 'unmap-dma'>): string => `${step.container} ${step.iova} ${step.size}`;
const interrupt = (step: { readonly deviceHandle: string; readonly index: string | number }): string =>
  `${step.deviceHandle} ${step.index}`;
/** Leaves nothing behind. */
const NOTHING = { back: null, subject: () => '' } as const;

/** Every kind of step, what takes it back, and what both are about. A kind without a row does not compile. */
const ROWS: { readonly [K in StepKind]: Row<K> } = {
  'set-module-parameter': { back: 'set-module-parameter', subject: (step) => `${step.module}.${step.parameter}` },
  'set-huge-pages': {
    back: 'set-huge-pages',
    // The way back is the way here, the other way round.
    subject: ({ pageSize, before, pages }) => `${pageSize} ${[before, pages].sort((a, b) => a - b).join('-')}`,
  },
  'set-vf-autoprobe': { back: 'set-vf-autoprobe', subject: device },
  'set-vf-count': { back: 'set-vf-count', subject: device },
  'set-memlock-limit': { back: 'set-memlock-limit', subject: () => 'of the process' },
  'set-driver-override': { back: 'set-driver-override', subject: device },
  'unbind-driver': { back: 'bind-driver', subject: bound },
  'bind-driver': { back: 'unbind-driver', subject: bound },
  'chown-node': { back: 'chown-node', subject: path },
  'chmod-node': { back: 'chmod-node', subject: path },
  'open-container': { back: 'close', subject: handle },
  'open-group': { back: 'close', subject: handle },
  'open-noiommu-group': { back: 'close', subject: handle },
  'open-device': { back: 'close', subject: handle },
  'create-memfd': { back: 'close', subject: handle },
  'create-eventfd': { back: 'close', subject: handle },
  close: { back: null, subject: handle },
  'set-container': { back: 'unset-container', subject: group },
  'unset-container': { back: null, subject: group },
  'allocate-memory': { back: 'free-memory', subject: (step) => `${step.handle} ${step.size}` },
  'free-memory': { back: null, subject: (step) => `${step.memory} ${step.size}` },
  'map-dma': { back: 'unmap-dma', subject: range },
  'unmap-dma': { back: null, subject: range },
  'set-irqs': { back: 'clear-irqs', subject: interrupt },
  'clear-irqs': { back: null, subject: interrupt },
  'set-irq-unmask': { back: 'clear-irq-unmask', subject: interrupt },
  'clear-irq-unmask': { back: null, subject: interrupt },
  // A loaded module stays (docs/adr/0002), and the IOMMU model goes with the last group.
  'load-module': NOTHING,
  'set-iommu': NOTHING,
  'reset-device': NOTHING,
  'write-region': NOTHING,
  'modify-region': NOTHING,
  'expect-region': NOTHING,
  'poll-region': NOTHING,
  delay: NOTHING,
  'check-hot-reset': NOTHING,
  'hot-reset': NOTHING,
  // A plugin says what takes its call back; that it is one of the same container is all that can be known of it here.
  'container-ioctl': { back: null, subject: (step) => step.container },
  'resize-memfd': NOTHING,
  'wait-node': NOTHING,
  'wait-noiommu-node': NOTHING,
  'check-api-version': NOTHING,
  'check-extension': NOTHING,
  'check-group-viable': NOTHING,
  'check-iommu-info': NOTHING,
  'check-device-info': NOTHING,
  'check-region-info': NOTHING,
  'check-irq-info': NOTHING,
  'check-devtree-info': NOTHING,
};

/** `close device:nic0`: a step in the words that its way back must have. The table says which row is for which kind. */
const wordsOf = (step: Step): string => `${step.kind} ${(ROWS[step.kind] as Row<StepKind>).subject(step)}`;

/** The words of the step that takes a step back; null where none has to. */
function inverseOf(step: Step): string | null {
  const { back, subject } = ROWS[step.kind] as Row<StepKind>;
  return back === null ? null : `${back} ${subject(step)}`;
}

/** What may stand on the way back besides the inverses: a device is silenced and reset before its memory goes. */
const BACK_ONLY: ReadonlySet<StepKind> = new Set<StepKind>([...SILENCING_KINDS, 'container-ioctl']);

/** Every acquisition is undone by the step that takes it back, once, and nothing else stands on the way back. */
export const checkWayBack: Law = function* (plan) {
  const undone = new Set<string>();
  const acquired = new Map(plan.up.map((step) => [step.id, step]));
  for (const step of plan.down) {
    if (BACK_ONLY.has(step.kind)) continue;
    const { undoes = 'nothing' } = step;
    const original = acquired.get(undoes);
    if (!original || inverseOf(original) !== wordsOf(step)) {
      yield `${step.id} (${wordsOf(step)}) is not what takes ${undoes} back.`;
    }
    if (undone.has(undoes)) yield `${step.id} takes ${undoes} back a second time.`;
    undone.add(undoes);
  }
  for (const step of plan.up) {
    const inverse = inverseOf(step);
    if (inverse !== null && !undone.has(step.id)) yield `${step.id} has no way back: ${inverse} is missing.`;
  }
};

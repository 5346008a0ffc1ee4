export type { Assignment, DeviceRef, Fact, Plan, Process, Step } from './generated/plan.ts';
import type { Step } from './generated/plan.ts';

export type StepKind = Step['kind'];
/** The kinds of step that a register program is made of. */
export type RegisterStep = StepOf<'write-region' | 'modify-region' | 'expect-region' | 'poll-region'>;
/** The variant of {@link Step} of one kind. */
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;

/** The kinds of step by which a device is silenced and reset. */
export const SILENCING_KINDS: readonly StepKind[] = [
  'reset-device',
  'write-region',
  'modify-region',
  'expect-region',
  'poll-region',
  'delay',
  'check-hot-reset',
  'hot-reset',
];

/** What becomes of a step's effect when the process that ran it is gone. */
export type Persistence =
  /** It stays: driver bindings, overrides, permissions, modules. The journal must know of it. */
  | 'durable'
  /** It goes with our file descriptors and our address space. */
  | 'held'
  /** It changes nothing. */
  | 'check';

const PERSISTENCE: { readonly [K in StepKind]: Persistence } = {
  'load-module': 'durable',
  'set-module-parameter': 'durable',
  'set-huge-pages': 'durable',
  'set-vf-autoprobe': 'durable',
  'set-vf-count': 'durable',
  'set-driver-override': 'durable',
  'unbind-driver': 'durable',
  'bind-driver': 'durable',
  'wait-node': 'check',
  'chown-node': 'durable',
  'chmod-node': 'durable',
  'open-container': 'held',
  'check-api-version': 'check',
  'check-extension': 'check',
  'wait-noiommu-node': 'check',
  'open-group': 'held',
  'open-noiommu-group': 'held',
  'check-group-viable': 'check',
  'set-container': 'held',
  'unset-container': 'held',
  'set-iommu': 'held',
  'check-iommu-info': 'check',
  'open-device': 'held',
  'check-device-info': 'check',
  'check-region-info': 'check',
  'check-irq-info': 'check',
  'check-devtree-info': 'check',
  'reset-device': 'held',
  'write-region': 'held',
  'modify-region': 'held',
  'expect-region': 'check',
  'poll-region': 'check',
  delay: 'check',
  'check-hot-reset': 'check',
  'hot-reset': 'held',
  'container-ioctl': 'held',
  'set-memlock-limit': 'held',
  'create-memfd': 'held',
  'resize-memfd': 'held',
  'allocate-memory': 'held',
  'free-memory': 'held',
  'map-dma': 'held',
  'unmap-dma': 'held',
  'create-eventfd': 'held',
  'set-irqs': 'held',
  'clear-irqs': 'held',
  'set-irq-unmask': 'held',
  'clear-irq-unmask': 'held',
  close: 'held',
};

export const persistenceOf = (kind: StepKind): Persistence => PERSISTENCE[kind];

import type { Step } from '../../model/index.ts';
import type { Law } from './law.ts';

type Kind = 'iommu' | 'noiommu';

interface Container {
  readonly groups: Map<string, Kind>;
  type: string | undefined;
}

/**
 * No-IOMMU mode is for those who say its name (R-GROUP-3): a group that it makes up is opened only to go into a container
 * of type noiommu, which holds none of an IOMMU and maps nothing. The kernel refuses most of it (vfio_container_attach_group
 * in drivers/vfio/container.c), but in the middle of a run; and it turns the mode on for whoever asks.
 */
export const checkNoiommu: Law = function* (plan) {
  const kinds = new Map<string, Kind>();
  const containers = new Map<string, Container>();
  const of = (handle: string): Container => {
    let known = containers.get(handle);
    if (!known) {
      known = { groups: new Map(), type: undefined };
      containers.set(handle, known);
    }
    return known;
  };
  for (const step of plan.up) {
    if (step.kind === 'open-group') kinds.set(step.handle, 'iommu');
    if (step.kind === 'open-noiommu-group') kinds.set(step.handle, 'noiommu');
    if (step.kind === 'set-container')
      of(step.container).groups.set(step.groupHandle, kinds.get(step.groupHandle) ?? 'iommu');
    if (step.kind === 'set-iommu') of(step.container).type = step.type;
  }
  for (const [handle, container] of containers) yield* checkContainer(handle, container);
  for (const step of plan.up) {
    if (step.kind === 'open-noiommu-group' && !isIn(step.handle, containers)) {
      yield `${step.id} opens a group of no-IOMMU mode for no container.`;
    }
    if ((step.kind === 'map-dma' || step.kind === 'check-iommu-info') && of(step.container).type === 'noiommu') {
      yield `${step.id} is about mappings of ${step.container}, and there are none without an IOMMU.`;
    }
  }
  yield* checkSwitch(plan.up);
};

function* checkContainer(handle: string, { groups, type }: Container): Generator<string> {
  const kinds = new Set(groups.values());
  if (kinds.size > 1) yield `${handle} mixes groups of an IOMMU with those of no-IOMMU mode.`;
  for (const [group, kind] of groups) {
    if ((kind === 'noiommu') === (type === 'noiommu')) continue;
    yield `${handle} has the type ${type ?? 'none'}, which does not go with ${group}${kind === 'noiommu' ? ' of no-IOMMU mode' : ''}.`;
  }
}

const isIn = (group: string, containers: ReadonlyMap<string, Container>): boolean =>
  [...containers.values()].some(({ groups }) => groups.has(group));

/** The mode is on for the whole host: a plan without a use for it must not turn it on, nor leave it on. */
function* checkSwitch(up: readonly Step[]): Generator<string> {
  const used = up.some((step) => step.kind === 'wait-noiommu-node');
  for (const step of up) {
    if (step.kind !== 'set-module-parameter' || step.parameter !== 'enable_unsafe_noiommu_mode') continue;
    if (!used) yield `${step.id} turns no-IOMMU mode on, and no device of the plan needs it.`;
  }
}

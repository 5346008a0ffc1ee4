import type { Plan, Step } from '../../model/index.ts';

/** A thing of the host that one run at a time may change. */
export type HostObject =
  | { readonly kind: 'project'; readonly name: string }
  | { readonly kind: 'device'; readonly address: string }
  | { readonly kind: 'group'; readonly id: number }
  | { readonly kind: 'parameter'; readonly module: string; readonly parameter: string }
  | { readonly kind: 'huge pages' };

/**
 * Everything of the host that a plan changes or takes, there and back. A container is not among it: each open of
 * /dev/vfio/vfio makes one that nobody else can get at.
 */
export function objectsOf({
  project,
  assignments,
  up,
  down,
}: Pick<Plan, 'project' | 'assignments' | 'up' | 'down'>): HostObject[] {
  const steps = [...up, ...down];
  return distinct([
    { kind: 'project', name: project },
    ...assignments.flatMap(({ address, group }): HostObject[] => [
      { kind: 'device', address },
      ...(group === null ? [] : [{ kind: 'group', id: group } as const]),
    ]),
    ...steps.flatMap(objectsOfStep),
  ]);
}

function objectsOfStep(step: Step): HostObject[] {
  const { kind } = step;
  if (kind === 'set-module-parameter') return [{ kind: 'parameter', module: step.module, parameter: step.parameter }];
  if (kind === 'allocate-memory' || kind === 'create-memfd')
    return step.pageSize === null ? [] : [{ kind: 'huge pages' }];
  if ('device' in step) return [{ kind: 'device', address: step.device.address }];
  return [];
}

/** As messages name it. */
export function titleOfObject(object: HostObject): string {
  switch (object.kind) {
    case 'project':
      return `project ${object.name}`;
    case 'device':
      return `device ${object.address}`;
    case 'group':
      return `IOMMU group ${object.id}`;
    case 'parameter':
      return `parameter ${object.parameter} of module ${object.module}`;
    case 'huge pages':
      return 'the pool of huge pages';
  }
}

function distinct(objects: readonly HostObject[]): HostObject[] {
  return [...new Map(objects.map((object) => [titleOfObject(object), object])).values()];
}

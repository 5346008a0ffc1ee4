import {
  defineDiagnostic,
  type Diagnostic,
  indexHost,
  type HostInventory,
  type Plan,
  type RunningProject,
} from '../../model/index.ts';
import { changedFacts } from '../lower/facts.ts';

export const planStale = defineDiagnostic({
  code: 'plan-stale',
  severity: 'error',
  category: 'safety',
  summary: 'The host is no longer as the plan relies on',
  explanation:
    'A saved plan states each fact of the host that it relies on: the identity and the driver of every device, the ' +
    'members and reserved regions of every IOMMU group, what the device tree says of a platform device, what the host uses ' +
    'the devices for. `up --plan` reads them again ' +
    'and refuses to run where one has changed, since what was reviewed is not what would happen.\n\n' +
    'Make a new plan with `vfio-compose plan --out FILE` and review it.',
});

export const planConflict = defineDiagnostic({
  code: 'plan-conflict',
  severity: 'error',
  category: 'safety',
  summary: 'Another running project has a device of the plan',
  explanation:
    'A device, and its whole IOMMU group, belongs to one project at a time. Run `vfio-compose down` for the other one first.',
});

const shown = (value: string | null): string => (value === null || value === '' ? 'nothing' : `"${value}"`);

/** What keeps a saved plan from being run on this host, now. */
export function checkStale(plan: Plan, inventory: HostInventory, running: readonly RunningProject[]): Diagnostic[] {
  const changed = changedFacts(plan, indexHost(inventory)).map(({ fact, now }) =>
    planStale({
      detail: `The ${fact.property} of ${fact.subject} was ${shown(fact.value)} when the plan was made and is ${shown(now)} now.`,
    }),
  );
  const others = running.filter((project) => project.name !== plan.project);
  const owners = new Map(
    others.flatMap(({ name, devices }) =>
      devices.flatMap(({ address, group }): [string | number, string][] => [
        [address, name],
        // Without an IOMMU there is no group to share.
        ...(group === null ? [] : [[group, name] as [number, string]]),
      ]),
    ),
  );
  const conflicts = plan.assignments.flatMap(({ address, group }) => {
    const ofDevice = owners.get(address);
    if (ofDevice !== undefined) return [planConflict({ detail: `Project ${ofDevice} has ${address}.` })];
    const ofGroup = group === null ? undefined : owners.get(group);
    return ofGroup === undefined
      ? []
      : [planConflict({ detail: `${address} is in IOMMU group ${group}, which project ${ofGroup} has.` })];
  });
  return [...changed, ...conflicts];
}

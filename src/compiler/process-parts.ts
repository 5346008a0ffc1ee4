import { type Assignment, type Process, SILENCING_KINDS, type Step, type StepKind } from '../model/index.ts';

/** What the process of a VM is given, and what is done to its devices when it ends: all of it follows from the steps. */
export type ProcessParts = Pick<Process, 'fds' | 'silence' | 'reconnect'>;

/** The lists of steps that a plan is made of. */
export interface StepLists {
  readonly up: readonly Step[];
  readonly down: readonly Step[];
  readonly recover?: readonly Step[] | undefined;
}

/** A step of the way back that silences or resets a device, and takes nothing away that its next user needs. */
const SILENCES: ReadonlySet<StepKind> = new Set<StepKind>(['clear-irqs', 'clear-irq-unmask', ...SILENCING_KINDS]);
const CONNECTS: ReadonlySet<StepKind> = new Set<StepKind>(['set-irqs', 'set-irq-unmask']);

/** As much of LISTEN_FDNAMES as one string of an environment may have (MAX_ARG_STRLEN, 128 KiB, execve(2)), with room. */
const MAX_NAMES = 120_000;

/** Whether the names of these descriptors fit an environment. */
export const namesFit = (fds: Process['fds']): boolean =>
  fds.reduce((sum, { name }) => sum + name.length + 1, 0) <= MAX_NAMES;

/** In LISTEN_FDNAMES a colon separates names (sd_listen_fds(3)). */
export const nameOfHandle = (handle: string): string => handle.replaceAll(':', '-');

/** Works out what the process of `vm` is given, from the steps and from who gets which device. */
export function processParts(vm: string, assignments: readonly Assignment[], steps: StepLists): ProcessParts {
  const own = assignments.filter((entry) => entry.vm === vm);
  const devices = new Set(own.map(({ address }) => `device ${address}`));
  const ofVm = (list: readonly Step[]): Step[] => list.filter(({ resource }) => devices.has(resource));
  if (own.some(({ handoff }) => handoff === 'bind')) {
    // It opens the nodes itself, so that what silences a device after it has to open it too.
    return { fds: [], silence: ofVm(steps.recover ?? []).map(({ id }) => id), reconnect: [] };
  }
  return {
    fds: handlesFor(vm, own, steps.up).map((handle) => ({ handle, name: nameOfHandle(handle) })),
    silence: ofVm(steps.down).flatMap(({ kind, id }) => (SILENCES.has(kind) ? [id] : [])),
    reconnect: ofVm(steps.up).flatMap(({ kind, id }) => (CONNECTS.has(kind) ? [id] : [])),
  };
}

/** The descriptors of a VM in the order in which they are made: container, groups, devices, memory files, eventfds. */
function handlesFor(vm: string, own: readonly Assignment[], up: readonly Step[]): string[] {
  const addresses = new Set<string>(own.map(({ address }) => address));
  const groups = new Set<string>();
  for (const step of up)
    if (step.kind === 'open-device' && addresses.has(step.device.address)) groups.add(step.groupHandle);
  return up.flatMap((step) => {
    switch (step.kind) {
      case 'open-container':
        return step.handle === `container#${vm}` ? [step.handle] : [];
      case 'open-group':
      case 'open-noiommu-group':
        return groups.has(step.handle) ? [step.handle] : [];
      case 'open-device':
        return addresses.has(step.device.address) ? [step.handle] : [];
      case 'create-memfd':
        return step.handle.startsWith(`memfd#${vm}/`) ? [step.handle] : [];
      case 'create-eventfd':
        return addresses.has(step.resource.slice('device '.length)) ? [step.handle] : [];
      default:
        return [];
    }
  });
}

import type { Plan, Step, StepKind } from '../../model/index.ts';
import { handlesOf } from './handles.ts';
import type { Law } from './law.ts';
import { isQuiescing, wordsOfRegister } from './registers.ts';

/** What may be done to silence a device whose holder is gone: nothing that outlives us, and no mapping. */
const ALLOWED: ReadonlySet<StepKind> = new Set([
  'open-container',
  'check-api-version',
  'open-group',
  'open-noiommu-group',
  'check-group-viable',
  'set-container',
  'unset-container',
  'set-iommu',
  'open-device',
  'check-region-info',
  'reset-device',
  'write-region',
  'modify-region',
  'expect-region',
  'poll-region',
  'delay',
  'close',
]);

/**
 * The recovery of a plan (R-RESET-1) opens what it uses and closes what it opened, maps nothing, and is about devices and
 * groups that the plan has. Each step stands for a step of `up`.
 */
export const checkRecovery: Law = function* (plan) {
  const steps = plan.recover ?? [];
  const up = new Set(plan.up.map(({ id }) => id));
  const subjects = new Set([...plan.up].flatMap(subjectOf));
  const ids = new Set([...plan.up, ...plan.down].map(({ id }) => id));
  for (const step of steps) {
    if (ids.has(step.id)) yield `Two steps have the id ${step.id}.`;
    ids.add(step.id);
    if (!ALLOWED.has(step.kind)) yield `${step.id} is a ${step.kind}, which no recovery needs.`;
    if (step.undoes === undefined || !up.has(step.undoes)) {
      yield `${step.id} stands for ${step.undoes ?? 'nothing'}, which is no step of up.`;
    }
    for (const subject of subjectOf(step)) {
      if (!subjects.has(subject)) yield `${step.id} opens ${subject}, which up does not give away.`;
    }
  }
  yield* checkOwnHandles(steps);
  yield* checkOwnOrder(steps);
  yield* checkSilencing(plan, steps);
};

/**
 * What `up` does to silence a device is done again when its holder is gone. PCI functions the kernel silences as their last
 * descriptor goes (vfio_pci_core_disable in drivers/vfio/pci/vfio_pci_core.c).
 */
function* checkSilencing(plan: Plan, steps: readonly Step[]): Generator<string> {
  const done = programsOf(steps);
  for (const [address, program] of programsOf(plan.up)) {
    let next = 0;
    for (const words of done.get(address) ?? []) if (words === program[next]) next += 1;
    if (next < program.length) yield `The recovery does not silence ${address} as up does.`;
  }
}

/** What silences each open device that is not a PCI function, by its address. */
function programsOf(steps: readonly Step[]): Map<string, string[]> {
  const opened = new Map<string, string>();
  const programs = new Map<string, string[]>();
  for (const step of steps) {
    if (step.kind === 'open-device' && step.device.bus !== 'pci') opened.set(step.handle, step.device.address);
    if (!isQuiescing(step)) continue;
    const address = opened.get(step.deviceHandle);
    if (address !== undefined) programs.set(address, [...(programs.get(address) ?? []), wordsOfRegister(step)]);
  }
  return programs;
}

/** What of the host a step opens or gives away. */
function subjectOf(step: Step): string[] {
  switch (step.kind) {
    case 'open-device':
    case 'open-noiommu-group':
    case 'bind-driver':
    case 'wait-noiommu-node':
      return [`device ${step.device.address}`];
    case 'open-group':
      return [`group ${step.group}`];
    case 'wait-node':
      return [`group ${step.path.slice('/dev/vfio/'.length)}`];
    default:
      return [];
  }
}

function* checkOwnHandles(steps: readonly Step[]): Generator<string> {
  const open = new Map<string, string>();
  for (const step of steps) {
    const { makes, uses, ends } = handlesOf(step);
    for (const handle of [...uses, ...(ends === undefined ? [] : [ends])]) {
      if (!open.has(handle)) yield `${step.id} uses ${handle}, which is not open in the recovery.`;
    }
    if (makes !== undefined && open.has(makes)) yield `${step.id} makes ${makes}, which is made already.`;
    if (makes !== undefined) open.set(makes, step.id);
    if (ends !== undefined) open.delete(ends);
  }
  for (const [handle, id] of open) yield `${handle}, made by ${id}, is not closed in the recovery.`;
}

function* checkOwnOrder(steps: readonly Step[]): Generator<string> {
  const containerOf = new Map<string, string>();
  const ready = new Set<string>();
  for (const step of steps) {
    if (step.kind === 'set-container') containerOf.set(step.groupHandle, step.container);
    if (step.kind === 'set-iommu') ready.add(step.container);
    if (step.kind === 'open-device' && !ready.has(containerOf.get(step.groupHandle) ?? '')) {
      yield `${step.id} opens a device before its container has an IOMMU model.`;
    }
  }
}

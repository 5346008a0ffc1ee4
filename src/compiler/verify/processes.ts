import { isReservedVariable, type Process } from '../../model/index.ts';
import { namesFit, processParts, type ProcessParts } from '../process-parts.ts';
import type { Law } from './law.ts';

/**
 * A process is started for a VM that the plan has, at most one for each, by an absolute path; it gets that VM's descriptors
 * and no others, and what silences that VM's devices is what the way back does.
 */
export const checkProcesses: Law = function* (plan) {
  const vms = new Set<string>();
  for (const process of plan.processes ?? []) {
    const who = `The process of ${process.vm}`;
    if (vms.has(process.vm)) yield `${who} is there twice.`;
    vms.add(process.vm);
    if (!plan.assignments.some(({ vm }) => vm === process.vm)) yield `${who} is of a VM that gets no device.`;
    if (!/^\/./.test(process.command[0] ?? '')) yield `${who} has no absolute path.`;
    const reserved = process.environment.find(({ name }) => isReservedVariable(name));
    if (reserved) yield `${who} sets ${reserved.name}, which vfio-compose sets.`;
    yield* checkParts(who, process, processParts(process.vm, plan.assignments, plan));
  }
};

function* checkParts(who: string, process: Process, due: ProcessParts): Generator<string> {
  const words = ({ fds }: Pick<ProcessParts, 'fds'>): string =>
    fds.map(({ handle, name }) => `${handle}=${name}`).join();
  if (words(process) !== words(due)) yield `${who} is not given the descriptors of its VM.`;
  if (process.silence.join() !== due.silence.join())
    yield `${who} does not have its devices silenced as the way back does.`;
  if (process.reconnect.join() !== due.reconnect.join())
    yield `${who} does not have its interrupts connected as up does.`;
  const names = new Set(process.fds.map(({ name }) => name));
  if (names.size < process.fds.length) yield `${who} has two descriptors of one name.`;
  if (!namesFit(process.fds)) {
    yield `${who} has more descriptors than their names fit an environment.`;
  }
}

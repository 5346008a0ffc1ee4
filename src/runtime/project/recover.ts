import { readFileSync } from 'node:fs';
import { decodePlan } from '../../compiler/plan-file/decode.ts';
import type { Plan } from '../../model/index.ts';
import { Execution, type ExecutorEvents } from '../executor/execute.ts';
import { explain } from '../executor/explain.ts';
import { FileJournal, readJournal } from '../executor/journal.ts';
import type { Machine } from './machine.ts';
import { leftOverOf, type RunOutcome, STEP_TIMEOUT_MS } from './project-run.ts';
import { type ProjectRecord, writeRecord } from './record.ts';
import type { ProjectDirectory } from './state-directory.ts';

/** The project's own plan file cannot be used: it was damaged, or is of a version that this one cannot read. */
export class PlanLost extends Error {
  override readonly name = 'PlanLost';
}

/** The plan that a project was brought up with. Throws {@link PlanLost}. */
export function readProjectPlan(directory: ProjectDirectory): Plan {
  let text: string;
  try {
    text = readFileSync(directory.plan(), 'utf8');
  } catch (error) {
    throw new PlanLost(`${directory.plan()}: ${(error as Error).message}`);
  }
  const { value, diagnostics } = decodePlan(text, directory.plan());
  if (!value) throw new PlanLost(diagnostics.map((diagnostic) => diagnostic.detail).join(' '));
  return value;
}

/**
 * The way back of a project whose process is gone, or that never needed one: what it held went with its file
 * descriptors, and what outlived it stands in the journal. A step of unknown outcome is settled by looking at the host.
 */
export async function bringBack(
  record: ProjectRecord,
  directory: ProjectDirectory,
  machine: Machine,
  events: ExecutorEvents,
): Promise<RunOutcome> {
  const plan = readProjectPlan(directory);
  const kernel = await machine.kernel();
  const stand = readJournal(directory.journal());
  const journal = new FileJournal(directory.journal());
  const execution = new Execution({
    plan,
    host: { kernel, holders: (path) => machine.holders(path) },
    journal,
    explain,
    events,
    stepTimeoutMs: STEP_TIMEOUT_MS,
  });
  writeRecord(directory, { ...record, phase: 'going-back', owner: null });
  const left = (await execution.resume(stand)).map(leftOverOf);
  await machine.save(kernel);
  journal.close();
  if (left.length > 0) {
    writeRecord(directory, { ...record, phase: 'stuck', owner: null, left });
    return { kind: 'stuck', failure: null, left };
  }
  directory.remove();
  return { kind: 'back' };
}

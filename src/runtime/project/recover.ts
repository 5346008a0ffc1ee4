import { readFileSync } from 'node:fs';
import { decodePlan } from '../../compiler/plan-file/decode.ts';
import { persistenceOf, type Plan } from '../../model/index.ts';
import { Execution, type ExecutorEvents } from '../executor/execute.ts';
import { explain } from '../executor/explain.ts';
import { FileJournal, type JournalState, readJournal } from '../executor/journal.ts';
import type { Machine } from './machine.ts';
import { leftOverOf, type BackOutcome, STEP_TIMEOUT_MS } from './project-run.ts';
import { type ProjectRecord, writeRecord } from './record.ts';
import { othersThan } from './running.ts';
import type { ProjectDirectory } from './state-directory.ts';
import { stepsOfOthers } from './switched-parameters.ts';

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
): Promise<BackOutcome> {
  const plan = readProjectPlan(directory);
  const kernel = await machine.kernel();
  const { ran, undone } = whatRan(plan, directory);
  const journal = new FileJournal(directory.journal());
  const execution = new Execution({
    plan,
    host: { kernel, holders: (device) => machine.holders(device) },
    journal,
    explain,
    events,
    stepTimeoutMs: STEP_TIMEOUT_MS,
  });
  writeRecord(directory, { ...record, phase: 'going-back', owner: null });
  const recovery = await execution.recover(ran);
  const others = stepsOfOthers(plan, othersThan(record, directory.state), events);
  const back = await execution.back(ran, new Set([...undone, ...others]), recovery.unsilenced);
  const left = [...recovery.left, ...back].map(leftOverOf);
  await machine.save(kernel);
  journal.close();
  if (left.length > 0) {
    writeRecord(directory, { ...record, phase: 'stuck', owner: null, left });
    return { kind: 'stuck', failure: null, left };
  }
  directory.remove();
  return { kind: 'back', gone: [...execution.gone] };
}

/** What the journal says. One that is damaged leaves every step possible: each looks at the host before it undoes anything. */
function whatRan(plan: Plan, directory: ProjectDirectory): Pick<JournalState, 'ran' | 'undone'> {
  const { ran, undone, damaged } = readJournal(directory.journal());
  if (!damaged) return { ran, undone };
  return { ran: new Set(plan.up.filter(({ kind }) => persistenceOf(kind) === 'durable').map(({ id }) => id)), undone };
}

import { decodePlan } from '../../compiler/plan-file/decode.ts';
import { LIMITS, persistenceOf, type Plan, type Step } from '../../model/index.ts';
import { Execution, type ExecutorEvents } from '../executor/execute.ts';
import { explain } from '../executor/explain.ts';
import { FileJournal, type JournalState, readJournal } from '../executor/journal.ts';
import type { Machine } from './machine.ts';
import { readInputText } from '../read-input.ts';
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
  const path = directory.plan();
  const read = readInputText(path, { limit: LIMITS.plan.bytes, own: true });
  if ('refusal' in read) throw new PlanLost(`${path} ${read.refusal.what}`);
  const { value, diagnostics } = decodePlan(read.text, path);
  if (!value) throw new PlanLost(diagnostics.map((diagnostic) => diagnostic.detail).join(' '));
  if (value.project !== directory.name) throw new PlanLost(`${path} is the plan of project ${value.project}`);
  return value;
}

/** What a recovery tells while it goes. */
export interface RecoveryEvents extends ExecutorEvents {
  /** Everything came back, and the project's directory is about to go. */
  leaving?(): void;
}

/**
 * The way back of a project whose process is gone, or that never needed one: what it held went with its file
 * descriptors, and what outlived it stands in the journal. A step of unknown outcome is settled by looking at the host.
 * Throws {@link PlanLost} or BrokenJournal, before anything is changed, where what is on disk cannot be relied on.
 */
export async function bringBack(
  record: ProjectRecord,
  directory: ProjectDirectory,
  machine: Machine,
  events: RecoveryEvents,
): Promise<BackOutcome> {
  const plan = readProjectPlan(directory);
  const kernel = await machine.kernel();
  const { ran, undone, unsettled } = whatRan(plan, directory);
  const journal = new FileJournal(directory.journal());
  const execution = new Execution({
    plan,
    host: { kernel, holders: (device) => machine.lookAtUses()(device) },
    journal,
    explain,
    events,
    stepTimeoutMs: STEP_TIMEOUT_MS,
  });
  writeRecord(directory, { ...record, phase: 'going-back', owner: null });
  const others = stepsOfOthers(plan, othersThan(record, directory.state), events);
  const left = (await execution.resume({ ran, undone: new Set([...undone, ...others]), unsettled })).map(leftOverOf);
  await machine.save(kernel);
  journal.close();
  if (left.length > 0) {
    writeRecord(directory, { ...record, phase: 'stuck', owner: null, left });
    return { kind: 'stuck', failure: null, left };
  }
  events.leaving?.();
  directory.remove();
  return { kind: 'back', gone: [...execution.gone] };
}

/** What the journal says. One that is damaged leaves every step possible: each looks at the host before it undoes anything. */
function whatRan(plan: Plan, directory: ProjectDirectory): Omit<JournalState, 'damaged'> {
  const { damaged, ...known } = readJournal(directory.journal());
  if (!damaged) return known;
  const durable = (steps: readonly Step[]) =>
    steps.filter(({ kind }) => persistenceOf(kind) === 'durable').map(({ id }) => id);
  const ran = durable(plan.up);
  const back = durable(plan.down).filter((id) => !known.undone.has(id));
  return { ran: new Set(ran), undone: known.undone, unsettled: new Set([...ran, ...back]) };
}

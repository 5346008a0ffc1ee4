import type { Plan } from '../../../src/model/index.ts';
import { Execution } from '../../../src/runtime/executor/execute.ts';
import { explain } from '../../../src/runtime/executor/explain.ts';
import { type Fault, FaultKernel, Killed } from '../../../src/runtime/kernel/fault.ts';
import type { Kernel } from '../../../src/runtime/kernel/port.ts';
import { MemoryJournal } from '../../../src/testing/memory-journal.ts';
import { TranscriptKernel } from './transcript.ts';

/** What the runtime did with a plan: the calls that it made, what it wrote into its journal, how it ended. */
export interface Recording {
  readonly transcript: string;
  readonly journal: string;
  /** Exit status that a program has for the same; null where the process was killed. */
  readonly status: number | null;
}

const STATUS = { terminated: 143, takenBack: 1, notTakenBack: 6, done: 0 } as const;

/** Runs a plan there, and back where it holds something. With a fault, a call fails, or the process dies at it. */
export async function recordUp(plan: Plan, kernel: Kernel, fault?: Fault): Promise<Recording> {
  const transcript = new TranscriptKernel(fault ? new FaultKernel(kernel, fault) : kernel);
  const journal = new MemoryJournal();
  const execution = executionOf(plan, transcript, journal);
  let status: number | null;
  try {
    const up = await execution.up();
    // Nothing is held: the process ends with everything in place.
    if (up.kind === 'up' && !plan.up.some(({ kind }) => kind === 'open-container')) {
      return { transcript: transcript.text, journal: textOf(journal), status: STATUS.done };
    }
    const left = await execution.back(up);
    status = left.length > 0 ? STATUS.notTakenBack : up.kind === 'up' ? STATUS.terminated : STATUS.takenBack;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    status = null;
  }
  return { transcript: transcript.text, journal: textOf(journal), status };
}

/** The way back of a run that was killed, from its journal. */
export async function recordDown(plan: Plan, kernel: Kernel, before: Recording): Promise<Recording> {
  const transcript = new TranscriptKernel(kernel);
  const journal = new MemoryJournal();
  journal.entries.push(
    ...before.journal
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as never),
  );
  const execution = executionOf(plan, transcript, journal);
  const left = await execution.resume(journal.state());
  return {
    transcript: transcript.text,
    journal: textOf(journal),
    status: left.length > 0 ? STATUS.notTakenBack : STATUS.done,
  };
}

/** How many calls of a run can fail. */
export async function countCalls(plan: Plan, kernel: Kernel, counts: Fault['counts']): Promise<number> {
  const counting = new FaultKernel(kernel, {
    at: Number.MAX_SAFE_INTEGER,
    when: 'before',
    how: 'EIO',
    ...(counts ? { counts } : {}),
  });
  const execution = executionOf(plan, counting, new MemoryJournal());
  const { ran } = await execution.up();
  await execution.back({ ran });
  return counting.calls;
}

const executionOf = (plan: Plan, kernel: Kernel, journal: MemoryJournal): Execution =>
  new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal,
    explain,
    events: {},
    stepTimeoutMs: 60_000,
  });

const textOf = ({ entries }: MemoryJournal): string =>
  entries.map(({ mark, step }) => `${JSON.stringify({ mark, step })}\n`).join('');

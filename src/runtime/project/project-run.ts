import { encodePlan } from '../../compiler/plan-file/encode.ts';
import type { Plan, Process, Step } from '../../model/index.ts';
import { Execution, type ExecutorEvents } from '../executor/execute.ts';
import { explain } from '../executor/explain.ts';
import type { StepFailure } from '../executor/failure.ts';
import { FileJournal } from '../executor/journal.ts';
import type { Fd, Kernel } from '../kernel/port.ts';
import type { Machine } from './machine.ts';
import { identifySelf } from './process-identity.ts';
import { type LeftOver, type Phase, type ProjectRecord, writeRecord } from './record.ts';
import { othersThan } from './running.ts';
import { type ProjectDirectory } from './state-directory.ts';
import { stepsOfOthers, switchedBy } from './switched-parameters.ts';
import { writeFileAtomically } from '../write-atomically.ts';

/** How long one durable step may take: a driver's remove can be slow, but it must not hang for ever (R-BIND-4). */
export const STEP_TIMEOUT_MS = 60_000;

/** How much longer a call may take whose time was up, before the rest is taken back without it. */
const GRACE_MS = 10_000;

export interface RunOptions {
  readonly plan: Plan;
  readonly machine: Machine;
  readonly directory: ProjectDirectory;
  readonly ownerKind: 'foreground' | 'supervisor';
  /** See {@link ProjectRecord.source}. */
  readonly source: string;
  readonly events: ExecutorEvents;
  /** Aborts `up` before its next step. */
  readonly signal?: AbortSignal;
  readonly now: () => Date;
  /** Called when everything is back, before the project's directory goes. */
  readonly leaving?: () => void;
}

/** What a way back came to. */
export type BackOutcome = Extract<RunOutcome, { kind: 'back' | 'stuck' }>;

export type RunOutcome =
  | { readonly kind: 'up' }
  /** Nothing is left of it. */
  | { readonly kind: 'failed'; readonly failure: StepFailure }
  | { readonly kind: 'stuck'; readonly failure: StepFailure | null; readonly left: readonly LeftOver[] }
  /** With the addresses of devices that are not there any more: what they were could not be given back. */
  | { readonly kind: 'back'; readonly gone: readonly string[] };

export const leftOverOf = (failure: StepFailure): LeftOver => ({
  step: failure.step.id,
  resource: failure.step.resource,
  explanation: `${failure.operation}${failure.errno === null ? '' : `: ${failure.errno}`}: ${failure.explanation}`,
});

const pendingLeftOver = (step: Step): LeftOver => ({
  step: step.id,
  resource: step.resource,
  explanation: 'the kernel is still carrying this step out; "down" takes it back once that is over',
});

/** The devices that a plan only binds, as steps call them. */
const boundBy = ({ assignments }: Plan): ReadonlySet<string> =>
  new Set(assignments.filter(({ handoff }) => handoff === 'bind').map(({ address }) => `device ${address}`));

/** One project's life in one process: its record on disk, its steps, and its way back. */
export class ProjectRun {
  private readonly journal: FileJournal;
  private readonly execution: Execution;
  private readonly since: string;
  private ran: ReadonlySet<string> = new Set();

  private constructor(
    private readonly options: RunOptions,
    private readonly kernel: Kernel,
  ) {
    const { plan, machine, directory, events, signal } = options;
    this.since = options.now().toISOString();
    directory.create();
    writeFileAtomically(directory.plan(), encodePlan(plan));
    this.record('starting');
    this.journal = new FileJournal(directory.journal());
    this.execution = new Execution({
      plan,
      host: { kernel, holders: (device) => machine.lookAtUses()(device) },
      journal: this.journal,
      explain,
      events,
      stepTimeoutMs: STEP_TIMEOUT_MS,
      ...(signal ? { signal } : {}),
    });
  }

  /** Records the project before anything of the host changes. */
  static async prepare(options: RunOptions): Promise<ProjectRun> {
    return new ProjectRun(options, await options.machine.kernel());
  }

  /** Carries out `up`; on failure, everything that ran is taken back. */
  async up(): Promise<RunOutcome> {
    const outcome = await this.execution.up();
    this.ran = outcome.ran;
    if (outcome.kind === 'up') {
      this.record('up');
      await this.options.machine.save(this.kernel);
      return { kind: 'up' };
    }
    const back = await this.goBack(outcome.failure);
    return back.kind === 'back' ? { kind: 'failed', failure: outcome.failure } : back;
  }

  /** Leaves the project without a process: what is held by nobody stays as it is until `down`. */
  release(): void {
    this.writeRecord({ phase: 'up', owner: null, left: [], failure: null });
    this.journal.close();
  }

  /** Silences the devices of a process that has ended. Returns what failed. */
  silenceAfter(process: Process): Promise<readonly StepFailure[]> {
    return this.execution.silenceAfter(process, this.ran);
  }

  /** Connects the interrupts of a process's devices again. Returns what failed. */
  reconnect(process: Process): Promise<StepFailure | undefined> {
    return this.execution.reconnect(process);
  }

  /** The open descriptors of some handles, in order. None on a simulated host: the numbers there mean nothing. */
  descriptorsOf(handles: readonly string[]): Fd[] {
    if (this.options.machine.hostFile !== null) return [];
    return handles.map((handle) => this.execution.handles.fd(handle));
  }

  /** The way back. Afterwards the record is gone, or says what could not be brought back. */
  async down(): Promise<BackOutcome> {
    return this.goBack(null);
  }

  private async goBack(cause: StepFailure | null): Promise<BackOutcome> {
    this.record('going-back');
    const pending = await this.execution.stillUnsettled(GRACE_MS);
    const ran = new Set(this.ran);
    if (pending) ran.delete(pending.id);
    const { plan, directory, machine, events } = this.options;
    const bound = boundBy(plan);
    // Whoever opened these is gone, and nobody but the plan silences them (docs/adr/0013).
    const recovery = await this.execution.recover({ ran }, ({ resource }) => bound.has(resource));
    const others = othersThan({ name: plan.project, hostFile: machine.hostFile }, directory.state);
    const undone = stepsOfOthers(plan, others, events);
    const back = await this.execution.back({ ran, undone }, recovery.unsilenced);
    const left = [...recovery.left, ...back].map(leftOverOf);
    if (pending) left.push(pendingLeftOver(pending));
    await this.options.machine.save(this.kernel);
    this.journal.close();
    const failure = cause ? leftOverOf(cause).explanation : null;
    if (left.length > 0) {
      this.writeRecord({ phase: 'stuck', owner: null, left, failure });
      return { kind: 'stuck', failure: cause, left };
    }
    const gone = [...this.execution.gone];
    // Nobody hears a supervisor: whoever asks for the project next is told, and ends it.
    if (gone.length > 0 && this.options.ownerKind === 'supervisor') {
      this.writeRecord({ phase: 'back', owner: null, left: [], failure });
    } else {
      this.options.leaving?.();
      directory.remove();
    }
    return { kind: 'back', gone };
  }

  private record(phase: Phase): void {
    const owner = { ...identifySelf(), kind: this.options.ownerKind };
    this.writeRecord({ phase, owner, left: [], failure: null });
  }

  private writeRecord(now: Pick<ProjectRecord, 'phase' | 'owner' | 'left' | 'failure'>): void {
    const { plan, machine, directory } = this.options;
    writeRecord(directory, {
      format_version: 1,
      name: plan.project,
      toolVersion: plan.toolVersion,
      hostFile: machine.hostFile,
      source: this.options.source,
      since: this.since,
      plugins: machine.plugins.map(({ name, writtenIn }) => ({ name, writtenIn })),
      assignments: plan.assignments,
      parameters: switchedBy(plan),
      ...now,
    });
  }
}

import path from 'node:path';
import { compile } from '../../../src/compiler/compile.ts';
import type { ManifestDocument, Plan, Step } from '../../../src/model/index.ts';
import { Execution, type ExecutorEvents } from '../../../src/runtime/executor/execute.ts';
import { explain } from '../../../src/runtime/executor/explain.ts';
import type { HostSide } from '../../../src/runtime/executor/host-steps.ts';
import { perform } from '../../../src/runtime/executor/perform.ts';
import type { StepFailure } from '../../../src/runtime/executor/failure.ts';
import { FileJournal, type Journal } from '../../../src/runtime/executor/journal.ts';
import { digestOf } from '../../../src/runtime/inventory/index.ts';
import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import { LinuxKernel } from '../../../src/runtime/kernel/linux/index.ts';
import { manifestFrom } from '../../../src/testing/manifest.ts';
import { guestPlugins } from './guest-plugins.ts';

/** The compiler's plan for this machine. Throws where it finds an error, or nothing to do. */
export async function planHere(document: ManifestDocument): Promise<Plan> {
  const inventory = readLiveInventory();
  const { plan, diagnostics } = compile({
    manifest: manifestFrom(document),
    inventory,
    plugins: await guestPlugins(),
    digest: digestOf(inventory),
    names: { user: () => undefined, group: () => undefined, primaryGroup: () => undefined },
    running: [],
    toolVersion: '0.0.0',
  });
  if (!plan) throw new Error(diagnostics.map(({ code, detail }) => `${code}: ${detail}`).join(' | '));
  if (plan.up.length === 0) throw new Error('the plan has no steps: what is carried out shows nothing');
  return plan;
}

/**
 * A plan that this process carries out and holds, so that a test gets at what the plan has opened: its devices and its
 * eventfds, by handle.
 */
export class HeldRun {
  private constructor(
    readonly kernel: LinuxKernel,
    private readonly host: HostSide,
    private readonly execution: Execution,
    private readonly ran: ReadonlySet<string>,
    private readonly journal: FileJournal,
  ) {}

  /** Carries `up` out, with a journal in `folder`. What ran is taken back where a step fails. Throws with every failure. */
  static async up(plan: Plan, folder: string, watch: RunWatch = {}): Promise<HeldRun> {
    const kernel = await LinuxKernel.load();
    const journal = new FileJournal(path.join(folder, 'journal'));
    const host: HostSide = { kernel, holders: () => [] };
    const execution = new Execution({
      plan,
      host,
      journal: watch.journal?.(journal) ?? journal,
      explain,
      events: watch.events ?? {},
      stepTimeoutMs: 60_000,
    });
    const up = await execution.up();
    const run = new HeldRun(kernel, host, execution, up.ran, journal);
    if (up.kind === 'up') return run;
    await run.back().catch(() => undefined);
    throw new Error(told([up.failure]));
  }

  /** A descriptor of the plan by its handle: `device:ADDRESS`, `eventfd#ADDRESS/INDEX`. */
  fd(handle: string): number {
    return this.execution.handles.fd(handle);
  }

  /** Carries out steps of the plan by themselves, on what it holds. Throws with the first that fails. */
  async perform(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) throw new Error('no step to carry out');
    for (const step of steps) await perform(step, this.host, this.execution.handles);
  }

  /** Takes everything back. Throws with what is left over. */
  async back(): Promise<void> {
    const left = await this.execution.back({ ran: this.ran });
    this.journal.close();
    if (left.length > 0) throw new Error(told(left));
  }
}

/** Who looks on. */
export interface RunWatch {
  readonly events?: ExecutorEvents;
  /** Stands before the journal on disk. */
  readonly journal?: (file: Journal) => Journal;
}

const told = (failures: readonly StepFailure[]): string =>
  failures.map(({ step, operation, errno }) => `${step.id}: ${operation}: ${errno}`).join(' | ');

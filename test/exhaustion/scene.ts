import type { HostInventory, Plan } from '../../src/model/index.ts';
import { Execution } from '../../src/runtime/executor/execute.ts';
import { explain } from '../../src/runtime/executor/explain.ts';
import type { StepFailure } from '../../src/runtime/executor/failure.ts';
import { Killed } from '../../src/runtime/kernel/fault.ts';
import type { Kernel } from '../../src/runtime/kernel/port.ts';
import { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import type { simulationsBy } from '../../src/runtime/plugins/index.ts';
import { hostDifferences } from '../../src/testing/compare-hosts.ts';
import { Noise } from '../../src/testing/noise.ts';
import { Watch } from '../../src/testing/watch.ts';
import { type Death, JournalText, type ProcessJournal } from './mortal-journal.ts';
import { WatchedKernel } from './watched-kernel.ts';

/** A plan and the host it was made for. */
export interface Subject {
  readonly name: string;
  readonly inventory: HostInventory;
  readonly plan: Plan;
  /** What plugins simulate of the host, made anew by each call. */
  readonly simulate: ReturnType<typeof simulationsBy>;
}

/** How one process ended: nothing left to do, something left, or killed. */
export type Ending = 'back' | 'left' | 'killed';

/** What may go wrong in one process. */
export interface Trouble {
  /** Puts a kernel that fails, or kills, in front of the host's. */
  readonly kernel?: (inner: Kernel) => Kernel;
  readonly death?: Death;
}

/** A simulated host, loud devices and all, on which one process after the other works at the same project. */
export class Scene {
  readonly #simulated: SimulatedKernel;
  readonly #watch: Watch;
  readonly #noise: Noise;
  readonly #journal = new JournalText();
  /** The journal as the process sees it that runs now, or that ran last. */
  journal: ProcessJournal = this.#journal.open();
  /** Why the rollback of `up` was not enough, where it was not. */
  left: readonly StepFailure[] = [];
  /** The step at which `up` failed. */
  failed: StepFailure | undefined;

  constructor(private readonly subject: Subject) {
    const { plan, inventory, simulate } = subject;
    const known = simulate();
    this.#noise = new Noise(plan, known.devices);
    for (const device of this.#noise.devices) this.#noise.make(device);
    this.#simulated = new SimulatedKernel(inventory, known);
    this.#watch = new Watch(this.#simulated);
    this.#watch.know(this.#noise);
  }

  /** What the last process left, in words. */
  get leftText(): string {
    return this.left
      .map(({ step, operation, errno, explanation }) => `${step.id} (${operation}: ${errno ?? explanation})`)
      .join(', ');
  }

  /** The devices that do DMA or interrupt now, by address. */
  get loud(): readonly string[] {
    return this.#noise.devices.filter((device) => this.#noise.isLoud(device));
  }

  /** A process that brings the project up, whose devices are used, and that takes it back. */
  upAndBack(trouble: Trouble = {}, between: () => void = () => {}): Promise<Ending> {
    return this.#process(trouble, async (execution) => {
      const up = await execution.up();
      if (up.kind === 'failed') this.failed = up.failure;
      else this.#watch.use();
      between();
      return execution.back(up);
    });
  }

  /** A process that finds what another one left, by its journal. */
  resume(trouble: Trouble = {}): Promise<Ending> {
    return this.#process(trouble, (execution) => execution.resume(this.#journal.state));
  }

  /** What is not as it was before everything, a line each. */
  differences(): string[] {
    return [
      ...hostDifferences(this.subject.inventory, this.#simulated.toInventory()),
      ...this.#simulated.leaks(),
      ...this.#watch.violations,
    ];
  }

  async #process(trouble: Trouble, run: (execution: Execution) => Promise<StepFailure[]>): Promise<Ending> {
    this.journal = this.#journal.open(trouble.death);
    const watched = new WatchedKernel(this.#simulated, this.#watch);
    const kernel = trouble.kernel?.(watched) ?? watched;
    const execution = new Execution({
      plan: this.subject.plan,
      host: { kernel, holders: () => [] },
      journal: this.journal,
      explain,
      events: {},
      stepTimeoutMs: 10_000,
    });
    try {
      this.left = await run(execution);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      // What it has open then is in use; what it has closed already, it has silenced, and nobody else can open.
      this.#watch.use((device) => (this.#simulated.deviceState(device)?.openCount ?? 0) > 0);
      this.#simulated.kill();
      return 'killed';
    }
    if (this.left.length === 0) return 'back';
    this.#simulated.kill();
    return 'left';
  }
}

import type { Plan, Step } from '../../../src/model/index.ts';
import type { JournalMark } from '../../../src/runtime/executor/journal.ts';
import { HeldRun, planHere } from './held-run.ts';

const PAGE = 4096;
const FIRST = 0x4000_0000;

/** One run: from the first mapping to the last, and from the first that is removed to the last. */
export interface MapTimes {
  readonly mapMilliseconds: number;
  readonly unmapMilliseconds: number;
}

/** The runtime's run, with the records that it wrote to its journal. */
export interface ExecutedTimes extends MapTimes {
  readonly journalMilliseconds: number;
  readonly journalRecords: number;
}

/** The compiler's plan for a device and pages that lie side by side, mapped one by one. Throws where it finds an error. */
export function planOfMappings(device: string, pages: number): Promise<Plan> {
  const memory = Array.from({ length: pages }, (_, page) => ({
    iova: `0x${(FIRST + page * PAGE).toString(16)}`,
    size: '4KiB',
  }));
  return planHere({ version: 1, name: 'mappings', vms: { machine: { memory, devices: { nic: device } } } });
}

/** Milliseconds from the start of the first of some steps to the end of the last. */
class Stretch {
  private readonly first: Step | undefined;
  private readonly last: Step | undefined;
  private began: number | undefined;
  private ended: number | undefined;

  constructor(steps: readonly Step[]) {
    this.first = steps.at(0);
    this.last = steps.at(-1);
  }

  started(step: Step): void {
    if (step === this.first) this.began = performance.now();
  }

  finished(step: Step): void {
    if (step === this.last) this.ended = performance.now();
  }

  get milliseconds(): number {
    if (this.began === undefined || this.ended === undefined) throw new Error('the steps to be measured did not run');
    return this.ended - this.began;
  }
}

/** Carries a plan out on this machine's kernel and takes it back, as often as wanted. */
export class ExecutedPlan {
  constructor(private readonly plan: Plan) {}

  get release(): string {
    return this.plan.host.release;
  }

  /** Runs it there and back, with a journal in `folder`. Throws where anything fails or is left over. */
  async run(folder: string): Promise<ExecutedTimes> {
    const map = new Stretch(this.plan.up.filter(({ kind }) => kind === 'map-dma'));
    const unmap = new Stretch(this.plan.down.filter(({ kind }) => kind === 'unmap-dma'));
    let journalMilliseconds = 0;
    let journalRecords = 0;
    const run = await HeldRun.up(this.plan, folder, {
      journal: (file) => ({
        record: (mark: JournalMark, step: string) => {
          const began = performance.now();
          file.record(mark, step);
          journalMilliseconds += performance.now() - began;
          journalRecords += 1;
        },
      }),
      events: {
        started: (step) => {
          map.started(step);
          unmap.started(step);
        },
        finished: (step) => {
          map.finished(step);
          unmap.finished(step);
        },
      },
    });
    await run.back();
    return {
      mapMilliseconds: map.milliseconds,
      unmapMilliseconds: unmap.milliseconds,
      journalMilliseconds,
      journalRecords,
    };
  }
}

import { readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { persistenceOf, type Step } from '../../../src/model/index.ts';
import type { ExecutorEvents } from '../../../src/runtime/executor/execute.ts';
import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import { liveMachine } from '../../../src/runtime/project/live-machine.ts';
import { ProjectRun, type RunOutcome } from '../../../src/runtime/project/project-run.ts';
import { readProjectPlan } from '../../../src/runtime/project/recover.ts';
import { StateDirectory } from '../../../src/runtime/project/state-directory.ts';
import { CalledKernel } from './called-kernel.ts';
import type { Footprint, KillPoint, Moment, SeenStep, Way } from './kill-point.ts';
import { openFilesOf } from './process.ts';

/**
 * A process that carries a project's plan out and back with what the command runs, to be killed in the middle of it or to do
 * it again and again. It has few parts: it starts a hundred times on an emulated processor.
 *
 *     project-child --state FOLDER --project NAME [--kill POINT] [--cycles COUNT]
 *
 * Without `--kill` it prints what it did: the steps of one cycle, or what it has of the machine after each of several.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string', default: '' },
      project: { type: 'string', default: '' },
      kill: { type: 'string' },
      cycles: { type: 'string', default: '1' },
    },
  });
  const kill = values.kill === undefined ? undefined : (JSON.parse(values.kill) as KillPoint);
  const directory = new StateDirectory(values.state).project(values.project);
  const plan = readProjectPlan(directory);
  const walk = new Walk(kill);
  const live = liveMachine(readLiveInventory(), '', []);
  const machine = { ...live, kernel: async () => walk.watch(new CalledKernel(await live.kernel())) };
  const cycles = Number(values.cycles);
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    const run = await ProjectRun.prepare({
      plan,
      machine,
      directory,
      ownerKind: 'foreground',
      source: 'sha256:none',
      events: walk.events,
      now: () => new Date(),
    });
    walk.begin('up');
    expectKind(await run.up(), 'up');
    walk.begin('down');
    expectKind(await run.down(), 'back');
    if (cycles > 1) tell(footprint(cycle % COLLECT_EVERY === 0));
  }
  if (cycles === 1) tell(walk.seen);
}

function expectKind(outcome: RunOutcome, kind: RunOutcome['kind']): void {
  if (outcome.kind !== kind) throw new Error(`the outcome is ${JSON.stringify(outcome)}`);
}

/** Follows a run from step to step, and dies where it is told to. */
class Walk {
  private way: Way = 'up';
  private step: Step | undefined;
  private called = false;
  private readonly steps: SeenStep[] = [];
  readonly events: ExecutorEvents;

  constructor(private readonly kill: KillPoint | undefined) {
    this.events = {
      started: (step) => {
        this.step = step;
        this.called = false;
      },
      finished: (step) => {
        this.steps.push({
          way: this.way,
          step: step.id,
          called: this.called,
          durable: persistenceOf(step.kind) === 'durable',
        });
        this.reach('when it is over');
      },
    };
  }

  get seen(): readonly SeenStep[] {
    return this.steps;
  }

  begin(way: Way): void {
    this.way = way;
    this.step = undefined;
  }

  watch(kernel: CalledKernel): CalledKernel {
    kernel.onCall = (when) => {
      this.reach(when === 'before' ? 'before its call' : 'after its call');
      this.called = true;
    };
    return kernel;
  }

  private reach(moment: Moment): void {
    const { kill, step } = this;
    if (!kill || kill.way !== this.way || kill.step !== step?.id || kill.moment !== moment) return;
    // It does not return from this: nothing is closed, written or handled by us any more.
    process.kill(process.pid, 'SIGKILL');
  }
}

/** Collecting takes as long as a cycle on an emulated processor. */
const COLLECT_EVERY = 10;

function footprint(collected: boolean): Footprint {
  // What is collected later says nothing about what a cycle leaves behind.
  if (collected) globalThis.gc?.();
  return {
    openFiles: openFilesOf(process.pid).length,
    lockedKiB: kib('/proc/self/status', 'VmLck'),
    residentKiB: kib('/proc/self/status', 'VmRSS'),
    availableKiB: kib('/proc/meminfo', 'MemAvailable'),
    collected,
  };
}

const kib = (file: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'))?.[1]);

const tell = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`);

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

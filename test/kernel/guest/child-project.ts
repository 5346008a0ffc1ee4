import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { encodePlan } from '../../../src/compiler/plan-file/encode.ts';
import type { Plan } from '../../../src/model/index.ts';
import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import { liveMachine } from '../../../src/runtime/project/live-machine.ts';
import { readRecord } from '../../../src/runtime/project/record.ts';
import { bringBack } from '../../../src/runtime/project/recover.ts';
import { StateDirectory } from '../../../src/runtime/project/state-directory.ts';
import { writeFileAtomically } from '../../../src/runtime/write-atomically.ts';
import { equal, holds } from './assert.ts';
import { start, WORK, type Finished, type Running } from './command.ts';
import type { KillPoint } from './kill-point.ts';

/** A project that processes of their own carry out (project-child.ts), with a state folder to itself. */
export class ChildProject {
  private readonly state: StateDirectory;
  private readonly machine = liveMachine(readLiveInventory(), '', []);

  constructor(private readonly plan: Plan) {
    this.state = new StateDirectory(path.join('/run', `child-${plan.project}`));
    mkdirSync(this.state.path, { recursive: true, mode: 0o700 });
  }

  /** Runs a process on it: to its end, or to the point at which it is killed. */
  run(kill?: KillPoint): Promise<Finished> {
    return this.start(kill ? ['--kill', JSON.stringify(kill)] : []).finished;
  }

  /** Starts a process that does it again and again, with a line after each cycle. */
  repeat(cycles: number, limitSeconds: number): Running {
    return this.start(['--cycles', String(cycles)], limitSeconds);
  }

  private start(args: readonly string[], limitSeconds?: number): Running {
    const directory = this.state.project(this.plan.project);
    directory.create();
    writeFileAtomically(directory.plan(), encodePlan(this.plan));
    return start(
      path.join(WORK, 'bin', 'node'),
      [
        '--expose-gc',
        path.join(WORK, 'project-child.cjs'),
        ...['--state', this.state.path, '--project', this.plan.project, ...args],
      ],
      limitSeconds === undefined ? {} : { limitSeconds },
    );
  }

  /** The way back after a process was killed, as `down` walks it. Throws where something does not come back. */
  async recover(): Promise<void> {
    const directory = this.state.project(this.plan.project);
    const record = readRecord(directory);
    holds(record !== undefined, 'the process left no record');
    const outcome = await bringBack(record, directory, this.machine, {});
    equal(outcome.kind, 'back', `what became of the way back: ${JSON.stringify(outcome)}`);
    equal(this.state.projects(), [], 'what is on record');
  }
}

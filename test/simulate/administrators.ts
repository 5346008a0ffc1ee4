import { compile } from '../../src/compiler/compile.ts';
import type { HostInventory, Manifest, Plan } from '../../src/model/index.ts';
import { groupOf, noiommuNode } from '../../src/runtime/executor/sysfs.ts';
import { Killed } from '../../src/runtime/kernel/fault.ts';
import { LockHeld, takeLock } from '../../src/runtime/project/lock.ts';
import type { Machine } from '../../src/runtime/project/machine.ts';
import { ProjectRun, type RunOutcome } from '../../src/runtime/project/project-run.ts';
import { type ProjectRecord, readRecord } from '../../src/runtime/project/record.ts';
import { bringBack, readProjectPlan } from '../../src/runtime/project/recover.ts';
import { runningProjects } from '../../src/runtime/project/running.ts';
import { unboundedPlugins } from '../../src/testing/plugins.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const NAMES = { user: () => undefined, group: () => undefined };

/** A project that is up. */
interface Held {
  readonly plan: Plan;
  /** Null where nothing has to be held: the process that brought it up is gone. */
  readonly by: { readonly process: SimProcess; readonly run: ProjectRun } | null;
}

/** What the administrators of a host do with vfio-compose: as its command does it, each time in a process of its own. */
export class Administrators {
  readonly held = new Map<string, Held>();
  /** How often each thing was done, and how it ended. */
  readonly outcomes = new Map<string, number>();
  /** The plan that a project was brought up with last, and the host before it. */
  readonly #made = new Map<string, { readonly plan: Plan; readonly before: HostInventory }>();

  constructor(private readonly world: World) {}

  /** `up`: first brings back what crashed, then compiles for the host as it is, and carries that out. */
  up(name: string, manifest: Manifest): Promise<void> {
    const process = this.world.process();
    return this.#task('up', name, process, async () => {
      if (!(await this.#lock(process))) return 'locked';
      if (this.held.has(name)) return 'up already';
      if (readRecord(this.world.state.project(name)) && (await this.#recover(name, process)) !== 'back') return 'stuck';
      const plan = this.#compile(name, manifest);
      if (typeof plan === 'string') return plan;
      process.carriesOut(plan);
      this.world.know(plan);
      const run = await ProjectRun.prepare({
        plan,
        machine: this.#machine(process),
        directory: this.world.state.project(name),
        ownerKind: 'foreground',
        source: name,
        events: {},
        now: () => new Date(this.world.kernel.nowMs),
      });
      const outcome = await run.up();
      if (outcome.kind !== 'up') return this.#ended(name, process, outcome);
      this.#isUp(name, plan, process, run);
      return 'up';
    });
  }

  /** `down`: by the process that holds the project, or by a new one from what stands on disk. */
  down(name: string): Promise<void> {
    const by = this.held.get(name)?.by;
    if (by) {
      this.held.delete(name);
      return this.#task('down', name, by.process, async () => {
        while (!(await this.#lock(by.process))) await this.world.scheduler.turn(by.process);
        return this.#ended(name, by.process, await by.run.down());
      });
    }
    const process = this.world.process();
    return this.#task('down', name, process, async () => {
      if (!(await this.#lock(process))) return 'locked';
      if (this.held.get(name)?.by) return 'held by then';
      return readRecord(this.world.state.project(name)) ? this.#recover(name, process) : 'not up';
    });
  }

  /** The process that holds a project dies, and its user with it. */
  kill(name: string): void {
    const by = this.held.get(name)?.by;
    if (!by) return;
    this.world.say(`${by.process.name}, which holds ${name}, is killed`);
    this.held.delete(name);
    this.world.died(by.process);
  }

  #task(verb: string, name: string, process: SimProcess, run: () => Promise<string>): Promise<void> {
    this.world.say(`${process.name}: ${verb} ${name}`);
    return this.world.scheduler.begin(process, async () => {
      let outcome: string;
      try {
        await this.world.scheduler.turn(process);
        outcome = await run();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        outcome = 'killed';
      }
      this.world.say(`${process.name}: ${verb} ${name} ended: ${outcome}`);
      const key = `${verb}: ${outcome}`;
      this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
      if (this.held.get(name)?.by?.process === process) process.unlock();
      else this.world.ended(process);
    });
  }

  async #lock(process: SimProcess): Promise<boolean> {
    try {
      process.locks(await takeLock(this.world.state.lockFile(), process.name));
      return true;
    } catch (error) {
      if (error instanceof LockHeld) return false;
      throw error;
    }
  }

  /** The way back of a project without a process. */
  async #recover(name: string, process: SimProcess): Promise<string> {
    const directory = this.world.state.project(name);
    const record = readRecord(directory);
    if (!record) return 'back';
    if (this.#isBusy(record)) return 'busy';
    process.carriesOut(readProjectPlan(directory));
    this.held.delete(name);
    return this.#ended(name, process, await bringBack(record, directory, this.#machine(process), {}));
  }

  /** Whether somebody has a group of the project open: the command tells them to end it, and changes nothing. */
  #isBusy({ assignments }: ProjectRecord): boolean {
    return assignments.some((device) => {
      const group = groupOf(this.world.kernel, device);
      return group !== null && this.#holders(group).length > 0;
    });
  }

  #holders = (group: number) =>
    [`/dev/vfio/${group}`, noiommuNode(group)].flatMap((path) => this.world.kernel.holders(path));

  #compile(name: string, manifest: Manifest): Plan | string {
    const inventory = this.world.kernel.toInventory();
    const running = runningProjects(this.world.state, null);
    const input = { manifest, inventory, digest: DIGEST, plugins: unboundedPlugins, names: NAMES, running };
    const { plan, diagnostics } = compile({ ...input, toolVersion: '0.0.0' });
    if (!plan)
      return `refused, ${diagnostics.find(({ severity }) => severity === 'error')?.code ?? 'without a reason'}`;
    this.#made.set(name, { plan, before: inventory });
    return plan;
  }

  #machine(process: SimProcess): Machine {
    return {
      inventory: this.world.before,
      digest: DIGEST,
      names: NAMES,
      hostFile: null,
      plugins: [],
      kernel: async () => process,
      holders: (path) => this.world.kernel.holders(path).filter(({ pid }) => pid !== process.pid),
      save: async () => {},
    };
  }

  #isUp(name: string, plan: Plan, process: SimProcess, run: ProjectRun): void {
    for (const [other, { plan: theirs }] of this.held) {
      for (const { address } of theirs.assignments) {
        const both = plan.assignments.some((one) => one.address === address);
        if (both) this.world.violated(`${address} is in ${name} and in ${other} at once`);
      }
    }
    const holds = plan.assignments.some(({ handoff }) => handoff === 'hold');
    this.held.set(name, { plan, by: holds ? { process, run } : null });
    if (holds) this.world.watch.use((device) => plan.assignments.some(({ address }) => address === device));
    else run.release();
  }

  /** A way back is over. Where it says that all came back, the devices of the plan are as they were. */
  #ended(name: string, process: SimProcess, outcome: RunOutcome): string {
    if (outcome.kind === 'stuck') {
      for (const { step, explanation } of outcome.left) this.world.say(`  left: ${step}: ${explanation}`);
      return 'stuck';
    }
    const made = this.#made.get(name);
    const now = new Map(this.world.kernel.toInventory().devices.map((device) => [device.address, device]));
    for (const was of made?.before.devices ?? []) {
      if (this.world.touched.has(was.address) || !isOf(made?.plan, was.address)) continue;
      const is = now.get(was.address);
      if (is?.driver === was.driver && is.driverOverride === was.driverOverride) continue;
      this.world.violated(
        `${was.address} is on ${is?.driver} (${is?.driverOverride}) after ${name}, not ${was.driver}`,
      );
    }
    for (const leak of process.leaks) this.world.violated(`${process.name} still has ${leak}`);
    return outcome.kind;
  }
}

const isOf = (plan: Plan | undefined, address: string): boolean =>
  plan?.up.some((step) => 'device' in step && step.device.address === address) ?? false;

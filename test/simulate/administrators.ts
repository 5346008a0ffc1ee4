import { compile } from '../../src/compiler/compile.ts';
import { checkStale } from '../../src/compiler/plan-file/stale.ts';
import type { DeviceRef, DeviceUse, HostInventory, Manifest, Plan } from '../../src/model/index.ts';
import { groupOf, noiommuNode } from '../../src/runtime/executor/sysfs.ts';
import { Killed } from '../../src/runtime/kernel/fault.ts';
import { HostLocks, ObjectLocked } from '../../src/runtime/project/host-locks.ts';
import { type HostObject, objectsOf } from '../../src/runtime/project/host-objects.ts';
import { objectsOfRecord } from '../../src/runtime/project/objects-of-record.ts';
import type { Machine } from '../../src/runtime/project/machine.ts';
import { ProjectRun, type RunOutcome } from '../../src/runtime/project/project-run.ts';
import { type ProjectRecord, readRecord } from '../../src/runtime/project/record.ts';
import { bringBack, readProjectPlan } from '../../src/runtime/project/recover.ts';
import { runningProjects } from '../../src/runtime/project/running.ts';
import { deviceUse } from '../../src/testing/device-use.ts';
import { unboundedPlugins } from '../../src/testing/plugins.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const NAMES = { user: () => undefined, group: () => undefined, primaryGroup: () => undefined };

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
  /** The process that a project's record names. */
  readonly #owners = new Map<string, SimProcess>();
  readonly #locks = new Map<SimProcess, HostLocks>();
  /** The plan that a project was brought up with last, and the host before it. */
  readonly #made = new Map<string, { readonly plan: Plan; readonly before: HostInventory }>();

  constructor(private readonly world: World) {}

  /** `up`: brings back what crashed, compiles for the host as it is, locks, looks again, and carries the plan out. */
  up(name: string, manifest: Manifest): Promise<void> {
    const process = this.world.process();
    return this.#task('up', name, process, async () => {
      const before = await this.#recoverFirst(name, process);
      if (before !== undefined) return before;
      const plan = this.#compile(manifest);
      if (typeof plan === 'string') return plan;
      // A person looks at the plan, and says yes.
      await this.world.scheduler.turn(process);
      if (!(await this.#lock(process, objectsOf(plan)))) return 'locked';
      const after = await this.#recoverFirst(name, process);
      if (after !== undefined) return after;
      const inventory = this.world.kernel.toInventory();
      if (checkStale(plan, inventory, runningProjects(this.world.state, null)).length > 0) return 'stale';
      this.#made.set(name, { plan, before: inventory });
      return this.#carryOut(name, plan, process);
    });
  }

  async #carryOut(name: string, plan: Plan, process: SimProcess): Promise<string> {
    process.carriesOut(plan);
    this.world.know(plan);
    this.#owners.set(name, process);
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
  }

  /** `down`: by the process that holds the project, or by a new one from what stands on disk. */
  down(name: string): Promise<void> {
    const held = this.held.get(name);
    if (held?.by) {
      const { process, run } = held.by;
      this.held.delete(name);
      return this.#task('down', name, process, async () => {
        while (!(await this.#lock(process, objectsOf(held.plan)))) await this.world.scheduler.turn(process);
        return this.#ended(name, process, await run.down());
      });
    }
    const process = this.world.process();
    return this.#task('down', name, process, async () => {
      const record = readRecord(this.world.state.project(name));
      if (!record) return 'not up';
      return this.#isAlive(record) ? 'somebody is at it' : this.#bringBackProject(record, process);
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

  /** Takes locks until the process ends or lets go of them; undefined where another process has one. */
  async #lock(process: SimProcess, objects: readonly HostObject[]): Promise<(() => void) | undefined> {
    try {
      const release = await this.#locksOf(process).take(objects);
      process.locks(release);
      return release;
    } catch (error) {
      if (error instanceof ObjectLocked) return undefined;
      throw error;
    }
  }

  #locksOf(process: SimProcess): HostLocks {
    const locks = this.#locks.get(process) ?? new HostLocks(this.world.state.locks(), process.name);
    this.#locks.set(process, locks);
    return locks;
  }

  /** Undefined where a project can come up; else why it cannot. */
  async #recoverFirst(name: string, process: SimProcess): Promise<string | undefined> {
    const record = readRecord(this.world.state.project(name));
    if (!record) return undefined;
    if (this.#isAlive(record) || (record.owner === null && record.phase === 'up')) return 'up already';
    const outcome = await this.#bringBackProject(record, process);
    return outcome === 'back' ? undefined : outcome;
  }

  /** Whether the process that a record names is still there. */
  #isAlive = ({ name, owner }: ProjectRecord): boolean =>
    owner !== null && this.world.processes.has(this.#owners.get(name) as SimProcess);

  /** The way back of a project without a process, under the locks that it needs. */
  async #bringBackProject({ name, ...record }: ProjectRecord, process: SimProcess): Promise<string> {
    const { state } = this.world;
    const release = await this.#lock(process, objectsOfRecord({ name, ...record }, state));
    if (!release) return 'locked';
    const directory = state.project(name);
    const now = readRecord(directory);
    if (!now) return 'back';
    if (this.#isAlive(now)) return 'somebody is at it';
    if (this.#isBusy(now)) return 'busy';
    process.carriesOut(readProjectPlan(directory));
    this.held.delete(name);
    const outcome = await bringBack(now, directory, this.#machine(process), {});
    release();
    return this.#ended(name, process, outcome);
  }

  /** Whether somebody has a group of the project open: the command tells them to end it, and changes nothing. */
  #isBusy({ assignments }: ProjectRecord): boolean {
    return assignments.some((device) => this.#holders(device as DeviceRef).length > 0);
  }

  #holders(device: DeviceRef): DeviceUse[] {
    const group = groupOf(this.world.kernel, device);
    const nodes = group === null ? [] : [`/dev/vfio/${group}`, noiommuNode(group)];
    return nodes.flatMap((file) => this.world.kernel.holders(file).map((holder) => deviceUse({ ...holder, file })));
  }

  #compile(manifest: Manifest): Plan | string {
    const inventory = this.world.kernel.toInventory();
    const running = runningProjects(this.world.state, null);
    const input = { manifest, inventory, digest: DIGEST, plugins: unboundedPlugins, names: NAMES, running };
    const { plan, diagnostics } = compile({ ...input, toolVersion: '0.0.0' });
    if (!plan)
      return `refused, ${diagnostics.find(({ severity }) => severity === 'error')?.code ?? 'without a reason'}`;
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
      lookAtUses: () => (device) => this.#holders(device).filter(({ pid }) => pid !== process.pid),
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

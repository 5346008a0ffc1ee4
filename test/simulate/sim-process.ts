import type { Plan, Step } from '../../src/model/index.ts';
import { sysfs } from '../../src/runtime/executor/sysfs.ts';
import { DelegatingKernel, type PortCall } from '../../src/runtime/kernel/delegate.ts';
import { kernelError } from '../../src/runtime/kernel/errno.ts';
import { Killed } from '../../src/runtime/kernel/fault.ts';
import type { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import { pick } from '../../src/testing/lockstep/random.ts';
import { errnosOf, mayActAndFail } from '../exhaustion/faults.ts';
import type { Task } from './scheduler.ts';
import type { World } from './world.ts';

/** What fate has for a process: at one of its calls it dies, or the call fails, before or after its effect. */
export interface Doom {
  readonly at: number;
  readonly how: 'kill' | 'errno';
  readonly when: 'before' | 'after';
}

/** Calls that change the host; all of them have to be steps of the plan that the process carries out. */
const CHANGES: ReadonlySet<string> = new Set(['write', 'chown', 'chmod', 'spawn']);

/** One process of vfio-compose: its own files and memory on the world's kernel, and a turn before each call that may take long. */
export class SimProcess extends DelegatingKernel implements Task {
  readonly name: string;
  #calls = 0;
  #dead: Killed | undefined;
  #allowed: ReadonlySet<string> = new Set();
  #devices: ReadonlySet<string> = new Set();
  readonly #locks: (() => void)[] = [];

  constructor(
    private readonly world: World,
    readonly pid: number,
    protected override readonly inner: SimulatedKernel,
    private readonly doom: Doom | undefined,
  ) {
    super(inner);
    this.name = `p${pid}`;
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  /** What it still holds of the host. */
  get leaks(): readonly string[] {
    return this.inner.leaks();
  }

  /** The plan that it is at: nothing else may be changed by it. */
  carriesOut(plan: Plan): void {
    this.#allowed = new Set([...plan.up, ...plan.down].flatMap(changesOf));
    this.#devices = new Set(plan.assignments.map(({ address }) => address));
  }

  /** Whether a device is one of its plan. */
  concerns(device: string): boolean {
    return this.#devices.has(device);
  }

  /** It has a lock, which the kernel releases when it ends. */
  locks(release: () => void): void {
    this.#locks.push(release);
  }

  unlock(): void {
    for (const release of this.#locks.splice(0)) release();
  }

  /** It ends, or is ended: what it has open is closed, what it locked is free. */
  end(error = new Killed(this.#calls, 'the end')): void {
    this.#dead = error;
    this.inner.kill();
    this.unlock();
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    const doomed = this.#begin(call);
    if (doomed === 'before') throw this.#fate(call);
    const result = run();
    this.#saw(call);
    if (doomed === 'after') throw this.#fate(call);
    return result;
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    await this.world.scheduler.turn(this);
    const doomed = this.#begin(call);
    if (doomed === 'before') throw this.#fate(call);
    const result = await run();
    this.#saw(call);
    if (doomed === 'after') throw this.#fate(call);
    return result;
  }

  #begin(call: PortCall): Doom['when'] | undefined {
    if (this.#dead) throw this.#dead;
    this.#calls += 1;
    this.world.note(this.name, call);
    if (CHANGES.has(call.name) && !this.#allowed.has(keyOf(call.name, call.args))) {
      this.world.violated(`${this.name} changes what no step of its plan does: ${keyOf(call.name, call.args)}`);
    }
    if (this.#calls !== this.doom?.at) return undefined;
    if (this.doom.how === 'kill') return this.doom.when;
    if (errnosOf(call).length === 0) return undefined;
    return mayActAndFail(call) ? this.doom.when : 'before';
  }

  #saw(call: PortCall): void {
    this.world.watch.saw(call, (device) => this.concerns(device));
  }

  #fate({ name, target }: PortCall): Error {
    if (this.doom?.how === 'errno') {
      const code = pick(this.world.random, errnosOf({ name, target }));
      this.world.say(`${this.name}: that call fails with ${code}`);
      return kernelError(name, target, code);
    }
    this.world.say(`${this.name} is killed ${this.doom?.when ?? 'before'} that call`);
    const killed = new Killed(this.#calls, name);
    this.world.died(this, killed);
    return killed;
  }
}

const keyOf = (name: string, args: readonly unknown[]): string => `${name}(${args.map(String).join(', ')})`;

/** The calls by which a step changes the host. */
function changesOf(step: Step): string[] {
  switch (step.kind) {
    case 'load-module':
      return [keyOf('spawn', ['modprobe', '--', step.module])];
    case 'set-module-parameter':
      return [keyOf('write', [sysfs.parameter(step.module, step.parameter), step.value])];
    case 'set-driver-override':
      return [keyOf('write', [sysfs.driverOverride(step.device), `${step.driver ?? ''}\n`])];
    case 'unbind-driver':
      return [keyOf('write', [sysfs.unbind(step.device, step.driver), step.device.address])];
    case 'bind-driver':
      return [keyOf('write', [sysfs.bind(step.device, step.driver), step.device.address])];
    case 'chown-node':
      return [keyOf('chown', [step.path, step.uid, step.gid])];
    case 'chmod-node':
      return [keyOf('chmod', [step.path, `0${step.mode.toString(8)}`])];
    default:
      return [];
  }
}

import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostInventory, Plan } from '../../src/model/index.ts';
import type { PortCall } from '../../src/runtime/kernel/delegate.ts';
import type { Killed } from '../../src/runtime/kernel/fault.ts';
import { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import { simulatedBy } from '../../src/runtime/plugins/index.ts';
import { StateDirectory } from '../../src/runtime/project/state-directory.ts';
import { pick, type Random } from '../../src/testing/lockstep/random.ts';
import { Noise } from '../../src/testing/noise.ts';
import { unboundedPlugins } from '../../src/testing/plugins.ts';
import { Watch } from '../../src/testing/watch.ts';
import { randomHost, type RandomHost } from './random-host.ts';
import { Scheduler } from './scheduler.ts';
import { type Doom, SimProcess } from './sim-process.ts';

/** A driver of the host that takes every device, if somebody binds it by hand. */
export const FOREIGN_DRIVER = 'foreign-driver';

/** Memory rather than a disk, where the machine has such a directory: a journal is synced at every step. */
const FAST = '/dev/shm';

/** Everything that a run has: one host, one state directory, and the processes on it. */
export class World {
  readonly host: RandomHost;
  readonly kernel: SimulatedKernel;
  readonly watch: Watch;
  readonly scheduler: Scheduler;
  readonly state: StateDirectory;
  readonly before: HostInventory;
  /** Devices that somebody else has had their hands on: how they should be is nobody's to say until the end. */
  readonly touched = new Set<string>();
  readonly processes = new Set<SimProcess>();
  readonly #models: ReturnType<typeof simulatedBy>['devices'];
  readonly #trace: string[] = [];
  readonly #violations: string[] = [];
  #nextPid = 100;
  /** Whether fate still has something for new processes. */
  isCalm = false;

  constructor(readonly random: Random) {
    this.host = randomHost(random);
    const known = simulatedBy(unboundedPlugins, this.host.inventory);
    this.#models = known.devices;
    const matchingDrivers = new Map(this.host.devices.map((address) => [address, [FOREIGN_DRIVER]]));
    const process = { pid: 1, command: 'init' };
    this.kernel = new SimulatedKernel(this.host.inventory, { ...known, matchingDrivers, process });
    this.before = this.kernel.toInventory();
    this.watch = new Watch(this.kernel);
    this.scheduler = new Scheduler(random);
    this.state = new StateDirectory(mkdtempSync(join(existsSync(FAST) ? FAST : tmpdir(), 'vfio-compose-simulate-')));
    this.state.ensure();
  }

  get violations(): readonly string[] {
    const thrown = this.scheduler.thrown.map(
      (error) => `threw ${error instanceof Error ? error.stack : String(error)}`,
    );
    return [...this.#violations, ...this.watch.violations, ...thrown];
  }

  /** What happened, a line each. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  chance(percent: number): boolean {
    return this.random(100) < percent;
  }

  say(line: string): void {
    this.#trace.push(line);
  }

  note(who: string, { name, args }: PortCall): void {
    const shown = args.map((arg) => (Buffer.isBuffer(arg) ? '…' : typeof arg === 'string' ? arg.trim() : String(arg)));
    this.#trace.push(`${who}: ${name}(${shown.join(', ')})`);
  }

  violated(what: string): void {
    this.say(`VIOLATION: ${what}`);
    this.#violations.push(what);
  }

  /** A new process of vfio-compose. */
  process(): SimProcess {
    const pid = this.#nextPid++;
    const inner = this.kernel.another({ pid, command: 'vfio-compose' });
    const process = new SimProcess(this, pid, inner, this.#doom());
    this.processes.add(process);
    return process;
  }

  /** A process of somebody else, as root. */
  stranger(command: string): SimulatedKernel {
    return this.kernel.another({ pid: this.#nextPid++, command });
  }

  /** A process was killed: the devices that it had open go on doing what they did. One that it had closed was silent. */
  died(process: SimProcess, how?: Killed): void {
    const open = this.watch.open();
    process.end(how);
    this.processes.delete(process);
    this.watch.use((device) => process.concerns(device) && open.has(device));
  }

  /** A process has come to its end. */
  ended(process: SimProcess): void {
    process.end();
    this.processes.delete(process);
  }

  /** A plan was made: its devices can be heard from now on. */
  know(plan: Plan): void {
    this.watch.know(new Noise(plan, this.#models));
  }

  dispose(): void {
    rmSync(this.state.path, { recursive: true, force: true });
  }

  #doom(): Doom | undefined {
    if (this.isCalm || this.chance(55)) return undefined;
    return {
      at: 1 + this.random(this.chance(50) ? 30 : 90),
      how: pick(this.random, ['kill', 'errno'] as const),
      when: pick(this.random, ['before', 'before', 'after'] as const),
    };
  }
}

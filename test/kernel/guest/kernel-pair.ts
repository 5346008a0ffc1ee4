import type { HostInventory } from '../../../src/model/index.ts';
import { LinuxKernel } from '../../../src/runtime/kernel/linux/index.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/runtime/kernel/sim/index.ts';
import {
  lockstep,
  randomSequence,
  shortest,
  Tally,
  type LockstepDevice,
  type Pair,
} from '../../../src/testing/lockstep/index.ts';
import { equal } from './assert.ts';

const LENGTH = 40;
/** Where the sequences begin, in turn: most where a device can be talked to. */
const STARTS = ['open', 'joined', 'open', 'joined', 'rest'] as const;
/** How often a sequence that shows a difference is made again, to leave out what the difference does not need. */
const TRIES = 60;

/** This machine's kernel beside a simulation made from this machine's inventory. */
export class KernelPair {
  /** The answers of both kernels. */
  readonly #tally = new Tally();

  private constructor(
    private readonly real: LinuxKernel,
    private readonly inventory: HostInventory,
    private readonly options: SimulationOptions,
  ) {}

  static async load(inventory: HostInventory, options: SimulationOptions): Promise<KernelPair> {
    return new KernelPair(await LinuxKernel.load(), inventory, options);
  }

  /** Makes some random sequences of calls on both, from a seed on. Throws at the first difference, with the calls that show it. */
  async agree(devices: readonly LockstepDevice[], from: number, sequences: number): Promise<void> {
    for (let seed = from; seed < from + sequences; seed += 1) await this.#compare(devices, seed);
  }

  get answers(): Tally['counts'] {
    return this.#tally.counts;
  }

  /** A comparison of calls that always fail, or never, would not say much. */
  seen(calls: readonly string[]): void {
    equal(this.#tally.onesided(calls), [], 'what is one-sided');
  }

  async #compare(devices: readonly LockstepDevice[], seed: number): Promise<void> {
    const pair = (): Pair => ({ first: this.real, second: new SimulatedKernel(this.inventory, this.options) });
    const start = STARTS[seed % STARTS.length] ?? 'rest';
    const acts = randomSequence(devices, { seed, length: LENGTH, start, binds: true });
    const difference = await lockstep(pair(), acts, devices, this.#tally);
    if (!difference) return;
    const calls = await shortest(pair, acts, devices, difference, TRIES);
    const { first, second } = difference;
    throw new Error(`seed ${seed}: the kernel answers ${first}, the simulation ${second}: ${calls.join('; ')}`);
  }
}

import type { DeviceModel } from '../../src/runtime/kernel/sim/index.ts';
import { randomSequence, type LockstepDevice, type Start } from '../../src/testing/lockstep/index.ts';

/**
 * What the guest of the scenario `lockstep` and the outside agree about. The guest makes the calls and tells what its
 * kernel answered; the outside makes the same calls on the simulation, where that takes a small part of the time.
 */

/** Random calls of a sequence. */
const LENGTH = 40;
/** Any number will do; it is fixed so that a failure can be seen again. */
export const SEED = 20_140_601;

/** Where the sequences begin, in turn: most where a device can be talked to. */
const STARTS = [
  'open',
  'joined',
  'open',
  'open',
  'joined',
  'open',
  'joined',
  'rest',
] as const satisfies readonly Start[];
/** One of so many sequences takes devices from VFIO and back too, which takes the kernel longer than all else. */
const BINDS = 19;

/** Some devices of a machine, and the sequences that are made about them. */
export interface LockstepSubject {
  readonly name: string;
  readonly devices: readonly LockstepDevice[];
  /** The seed of its first sequence. */
  readonly from: number;
  readonly sequences: number;
}

/** What is attached as {@link SUBJECTS_FILE}, before any answers. */
export interface LockstepRecord {
  /** The machine as it booted, and as it was when the calls began: snapshots, as `capture` writes them. */
  readonly booted: string;
  readonly begun: string;
  /** What an inventory does not say, by address. */
  readonly models: Readonly<Record<string, DeviceModel>>;
  readonly subjects: readonly LockstepSubject[];
}

/** The kernel's answers to some sequences, one after the other from a seed on. Each answer is its place in the table. */
export interface LockstepAnswers {
  readonly subject: string;
  readonly from: number;
  readonly table: readonly string[];
  readonly sequences: readonly (readonly number[])[];
}

export const SUBJECTS_FILE = 'lockstep-subjects.json';
export const answersFile = (from: number): string => `lockstep-answers-${from}.json`;

/** The calls of a seed, the same inside and outside. */
export const sequenceOf = (devices: readonly LockstepDevice[], seed: number) =>
  randomSequence(devices, {
    seed,
    length: LENGTH,
    start: STARTS[seed % STARTS.length] ?? 'rest',
    binds: seed % BINDS === 0,
  });

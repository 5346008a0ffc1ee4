import { snapshotText } from '../../../src/runtime/inventory/snapshot-text.ts';
import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import { LinuxKernel } from '../../../src/runtime/kernel/linux/index.ts';
import type { DeviceModel } from '../../../src/runtime/kernel/sim/index.ts';
import { answersOf, type LockstepDevice } from '../../../src/testing/lockstep/index.ts';
import {
  answersFile,
  SEED,
  sequenceOf,
  SUBJECTS_FILE,
  type LockstepAnswers,
  type LockstepRecord,
  type LockstepSubject,
} from '../lockstep-record.ts';
import { cameBack, hostState } from './host-state.ts';
import { bindTo, findNics, giveBack, groupOf } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** How many sequences the answers of which are sent at a time. */
const AT_A_TIME = 250;
/** How many sequences a line of the report stands for, and how long they may take. */
const OF_A_LINE = 1000;
const LIMIT_SECONDS = 1800;

/** What an inventory does not say of QEMU's e1000e (hw/net/e1000e.c). */
const E1000E: DeviceModel = { pcie: true, irqs: { intx: 1, msi: 1, msix: 5 }, msixBar: 3 };

/**
 * The simulated kernel beside the real one: both get the same random calls, and every result and every errno has to be
 * the same. Here the calls are made on the real one; `lockstep-check.ts` makes them on the simulation, outside.
 *
 * @param all how many sequences the subjects have together.
 */
export const lockstepOf =
  (all: number): Scenario =>
  ({ test }) => {
    const { alone, shared } = findNics();
    const addresses = [alone, ...shared];
    const before = hostState();
    const booted = snapshotText(readLiveInventory(), { identifiers: true });
    const subjects = split(all, [
      ['a device alone in its group', [alone]],
      ['R-GROUP-1: two devices of one group', shared],
      ['three devices in two groups', addresses],
    ]);
    let kernel: LinuxKernel;

    test('the devices are taken to vfio-pci', async () => {
      for (const address of addresses) bindTo(address, 'vfio-pci');
      kernel = await LinuxKernel.load();
      const begun = snapshotText(readLiveInventory(), { identifiers: true });
      const models = Object.fromEntries(addresses.map((address) => [address, E1000E]));
      attach(SUBJECTS_FILE, JSON.stringify({ booted, begun, models, subjects } satisfies LockstepRecord));
    });
    for (const subject of subjects) {
      for (const [from, end] of parts(subject.from, subject.from + subject.sequences, OF_A_LINE)) {
        test(
          `${subject.name}: ${end - from} sequences of calls from seed ${from} are made`,
          async () => {
            for (const [first, next] of parts(from, end, AT_A_TIME)) {
              attach(answersFile(first), JSON.stringify(await record(kernel, subject, first, next)));
            }
          },
          LIMIT_SECONDS,
        );
      }
    }
    test('the host comes back', () => {
      for (const address of addresses) giveBack(address);
      cameBack(before);
    });
  };

/** From one number up to another in parts of a size, each as its first and the one after its last. */
function* parts(from: number, end: number, size: number): Generator<readonly [number, number]> {
  for (let at = from; at < end; at += size) yield [at, Math.min(at + size, end)];
}

/** Each subject gets a part of the sequences, with seeds of its own. */
function split(all: number, named: readonly (readonly [string, readonly string[]])[]): readonly LockstepSubject[] {
  const starts = [...named.keys(), named.length].map((n) => Math.floor((all * n) / named.length));
  return named.map(([name, addresses], n) => {
    const [first = 0, next = 0] = starts.slice(n);
    return { name, devices: addresses.map(device), from: SEED + first, sequences: next - first };
  });
}

/** It stays with VFIO between the sequences: taking it each time would take most of the run. */
const device = (address: string): LockstepDevice => ({
  address,
  group: Number(groupOf(address)),
  driver: 'e1000e',
  rest: 'vfio-pci',
});

async function record(
  kernel: LinuxKernel,
  { name, devices }: LockstepSubject,
  from: number,
  end: number,
): Promise<LockstepAnswers> {
  const places = new Map<string, number>();
  const placeOf = (answer: string): number => {
    const place = places.get(answer) ?? places.size;
    places.set(answer, place);
    return place;
  };
  const sequences: number[][] = [];
  for (let seed = from; seed < end; seed += 1) {
    sequences.push((await answersOf(kernel, sequenceOf(devices, seed), devices)).map(placeOf));
  }
  return { subject: name, from, table: [...places.keys()], sequences };
}

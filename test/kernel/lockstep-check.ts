import { parseSnapshot } from '../../src/runtime/inventory/snapshot.ts';
import { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import { againstAnswers, kindOf, Tally, type Act } from '../../src/testing/lockstep/index.ts';
import {
  answersFile,
  sequenceOf,
  SUBJECTS_FILE,
  type LockstepAnswers,
  type LockstepRecord,
  type LockstepSubject,
} from './lockstep-record.ts';

/** The calls of plans: each has to have succeeded, and to have been refused. */
const IN_PLANS = ['SET_CONTAINER', 'SET_IOMMU', 'GET_DEVICE_FD', 'MAP_DMA', 'UNMAP_DMA', 'SET_IRQS', 'write'];
/** How many differences are described. */
const SHOWN = 5;

type Attachments = ReadonlyMap<string, Buffer>;
type Report = (passed: boolean, name: string, why?: string) => void;

/**
 * Makes the calls that a guest has made on the simulation of its machine, and compares every answer. Returns the answers
 * of the kernel, counted for each call.
 */
export async function checkLockstep(attachments: Attachments, report: Report): Promise<Tally> {
  const tally = new Tally();
  const record = read<LockstepRecord>(attachments, SUBJECTS_FILE);
  if (!record) {
    report(false, 'lockstep: the answers', `the guest has not sent ${SUBJECTS_FILE}`);
    return tally;
  }
  const [inventory, state] = [await inventoryOf(record.booted), await inventoryOf(record.begun)];
  const options = { devices: new Map(Object.entries(record.models)), state };
  for (const subject of record.subjects) {
    const differences = await differencesIn(attachments, subject, () => new SimulatedKernel(inventory, options), tally);
    const name = `lockstep: ${subject.name}: ${subject.sequences} sequences are answered alike by the simulation`;
    const shown = differences.slice(0, SHOWN).join('\n    ');
    report(differences.length === 0, name, differences.length === 0 ? '' : `${differences.length} differ: ${shown}`);
  }
  const onesided = tally.onesided(IN_PLANS);
  report(onesided.length === 0, 'lockstep: each call of a plan has succeeded, and been refused', onesided.join('; '));
  console.log(`# lockstep: ${tally.calls} calls`);
  return tally;
}

function read<T>(attachments: Attachments, name: string): T | undefined {
  const content = attachments.get(name);
  return content && (JSON.parse(content.toString('utf8')) as T);
}

async function inventoryOf(snapshot: string) {
  const parsed = await parseSnapshot('the snapshot of the guest', snapshot);
  if (parsed.value === undefined)
    throw new Error(`the snapshot of the guest cannot be read: ${JSON.stringify(parsed.diagnostics)}`);
  return parsed.value;
}

/** One line for each sequence in which an answer differs, or which the guest has not told of. */
async function differencesIn(
  attachments: Attachments,
  { name, devices, from, sequences }: LockstepSubject,
  simulation: () => SimulatedKernel,
  tally: Tally,
): Promise<readonly string[]> {
  const differences: string[] = [];
  for (let seed = from; seed < from + sequences;) {
    const batch = read<LockstepAnswers>(attachments, answersFile(seed));
    if (!batch || batch.subject !== name || batch.sequences.length === 0) {
      return [...differences, `the answers from seed ${seed} on are missing`];
    }
    for (const places of batch.sequences) {
      const kept = places.map((place) => batch.table[place] ?? 'nothing');
      const acts = sequenceOf(devices, seed);
      const difference = await againstAnswers(kept, simulation(), acts, devices, tally);
      if (difference) {
        const { step, call, first, second } = difference;
        const before = effective(acts.slice(0, step), kept);
        differences.push(
          `seed ${seed}: ${call}: the kernel answers ${first}, the simulation ${second}; before: ${before}`,
        );
      }
      seed += 1;
    }
  }
  return differences;
}

/** The calls that can have had an effect: those that both kernels refused are left out. */
const effective = (acts: readonly Act[], answers: readonly string[]): string =>
  acts.flatMap((act, i) => (kindOf(answers[i] ?? '') === 'ok' ? [act.text] : [])).join('; ');

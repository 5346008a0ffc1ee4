import { rm } from 'node:fs/promises';
import path from 'node:path';
import { persistenceOf, type Plan, type Step } from '../../../src/model/index.ts';
import type { Fault } from '../../../src/runtime/kernel/fault.ts';
import type { Kernel } from '../../../src/runtime/kernel/port.ts';
import { everyStep, PCI } from '../../../src/testing/every-step.ts';
import { AnsweringKernel } from './answering-kernel.ts';
import { pamuKernel, pamuPlan } from './pamu-plan.ts';
import { compilePlan, replay, type ReplayedProgram, type Target, TARGETS } from './program.ts';
import { countCalls, type Recording, recordDown, recordUp } from './record.ts';

type Report = (passed: boolean, name: string, why?: string) => void;

/** Calls that can fail: a file that cannot be looked for is not there, and time always passes. */
const CAN_FAIL: NonNullable<Fault['counts']> = ({ name }) => name !== 'exists' && name !== 'sleep';

/** Calls whose effect outlives the process that dies before it sees their result. */
const OUTLIVES: NonNullable<Fault['counts']> = ({ name }) => ['write', 'spawn', 'chown', 'chmod'].includes(name);

/**
 * Every program that is emitted makes the calls that the runtime makes of the same plan, with the same numbers and bytes, and
 * writes the same journal: on each architecture where all goes well, and where any one call fails or is the last one.
 */
export async function checkEmittedPrograms(harness: string, work: string, report: Report): Promise<void> {
  for (const target of TARGETS) {
    const folder = path.join(work, `emitted-${target.machine}`);
    const check = async (name: string, run: () => Promise<void>): Promise<void> => {
      try {
        await run();
        report(true, `${target.machine}: ${name}`);
      } catch (error) {
        report(false, `${target.machine}: ${name}`, error instanceof Error ? error.message : String(error));
      }
    };
    const { machine } = target;
    const places = { harness, folder };
    await checkPlan(everyStep(machine), target, () => new AnsweringKernel(machine), places, check);
    await checkBound(bindingOnly(everyStep(machine)), target, () => new AnsweringKernel(machine), places, check);
    // R-PAMU-1: the machine that a PAMU is in.
    if (machine === 'ppc') await checkPlan(pamuPlan(), target, pamuKernel, places, check);
    await rm(folder, { recursive: true, force: true });
  }
}

type Check = (name: string, run: () => Promise<void>) => Promise<void>;

async function checkPlan(
  plan: Plan,
  target: Target,
  kernel: () => Kernel,
  { harness, folder }: { harness: string; folder: string },
  check: Check,
): Promise<void> {
  let program: ReplayedProgram | undefined;
  await check(`the plan ${plan.project} compiles without a warning`, async () => {
    program = await compilePlan(plan, target, harness, folder);
  });
  if (program === undefined) return;
  const compiled = program;
  await check(`the plan ${plan.project} makes the calls of the runtime, with its bytes, there and back`, async () => {
    await same(compiled, [], await recordUp(plan, kernel()), undefined);
  });
  if (!target.everyFailure) return;
  const calls = await countCalls(plan, kernel(), CAN_FAIL);
  await check(`takes the same way back where any of ${calls} calls fails`, async () => {
    for (let at = 1; at <= calls; at += 1) {
      const fault: Fault = { at, when: 'before', how: 'EIO', counts: CAN_FAIL };
      await same(compiled, [], await recordUp(plan, kernel(), fault), undefined);
    }
  });
  await check(`R-BACK-2: --down finishes the way back where any of ${calls} calls was the last`, async () => {
    for (let at = 1; at <= calls; at += 1) {
      const host = kernel();
      await killedAt(compiled, plan, host, { at, when: 'before', how: 'kill', counts: CAN_FAIL });
    }
  });
  const changes = await countCalls(plan, kernel(), OUTLIVES);
  await check(
    `R-BACK-2: --down finishes the way back where any of ${changes} changes of the host was the last`,
    async () => {
      for (let at = 1; at <= changes; at += 1) {
        await killedAt(compiled, plan, kernel(), { at, when: 'after', how: 'kill', counts: OUTLIVES });
      }
    },
  );
  await checkFates(compiled, plan, changes, check);
}

/** What somebody may do to the devices of a run that was killed, before its way back. */
const BY_OTHERS: Readonly<Record<string, (host: AnsweringKernel) => void>> = {
  'was unplugged': (host) => host.unplug(PCI),
  'was bound to another driver': (host) => host.rebind(PCI, 'uio_pci_generic'),
  'was unbound by hand': (host) => host.rebind(PCI, undefined),
  'was given another override': (host) => host.override(PCI, 'pci-stub'),
};

/** R-BACK-2: what the runtime does where somebody was at a device meanwhile, at any point of the run. */
async function checkFates(program: ReplayedProgram, plan: Plan, changes: number, check: Check): Promise<void> {
  for (const [what, happens] of Object.entries(BY_OTHERS)) {
    await check(`R-BACK-2: --down after any of ${changes} changes of the host, where a device ${what}`, async () => {
      for (let at = 1; at <= changes; at += 1) {
        const host = new AnsweringKernel(program.target.machine);
        await killedAt(program, plan, host, { at, when: 'after', how: 'kill', counts: OUTLIVES }, () => happens(host));
      }
    });
  }
}

/** What `handoff: bind` is: drivers and nodes, and nothing that goes with a process. */
const bindingOnly = (plan: Plan): Plan => {
  const stays = ({ kind }: Step) => persistenceOf(kind) === 'durable' || kind === 'wait-node';
  return { ...plan, project: 'bound', up: plan.up.filter(stays), down: plan.down.filter(stays) };
};

async function checkBound(
  plan: Plan,
  target: Target,
  kernel: () => Kernel,
  { harness, folder }: { harness: string; folder: string },
  check: Check,
): Promise<void> {
  await check(
    'what is only bound stays when the program ends, is up already the next time, and comes back',
    async () => {
      const program = await compilePlan(plan, target, harness, folder);
      const host = kernel();
      const up = await recordUp(plan, host);
      await same(program, [], up, undefined);
      await same(program, [], { ...up, transcript: '' }, up.journal);
      await same(program, ['--down'], await recordDown(plan, host, up), up.journal);
    },
  );
}

async function killedAt(
  program: ReplayedProgram,
  plan: Plan,
  host: Kernel,
  fault: Fault,
  meanwhile = () => {},
): Promise<void> {
  const killed = await recordUp(plan, host, fault);
  if (killed.status !== null) throw new Error(`call ${fault.at} was not reached`);
  await same(program, [], killed, undefined);
  meanwhile();
  await same(program, ['--down'], await recordDown(plan, host, killed), killed.journal);
}

/** Runs the program on a recording: the calls must be the recorded ones, the status and the journal too. */
async function same(
  program: ReplayedProgram,
  args: readonly string[],
  recording: Recording,
  journal: string | undefined,
): Promise<void> {
  const calls = recording.transcript.split('\n').length - 1;
  const { status, said, journal: written } = await replay(program, args, recording.transcript, journal);
  const expected = recording.status ?? 'SIGKILL';
  const complete = recording.status === null || said.includes(`REPLAY: ${calls} of ${calls} calls`);
  if (status === expected && complete && written === recording.journal) return;
  throw new Error(
    [`ended with ${status}, not ${expected}`, said, `journal:\n${written}instead of\n${recording.journal}`].join('\n'),
  );
}

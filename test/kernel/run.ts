import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bootMachine } from './boot.ts';
import { checkCPrograms } from './c-programs.ts';
import { checkEmittedPrograms } from './emitted/checks.ts';
import { changedTree } from './changed-tree.ts';
import { EXAMPLES, exampleMachine, type ExampleMachine } from './examples.ts';
import { guestRoot } from './guest-root.ts';
import { fillWorkFolder, installCommand } from './guest-work.ts';
import { packInitramfs } from './initramfs.ts';
import { checkLockstep } from './lockstep-check.ts';
import { kernelOf } from './kernel.ts';
import { MACHINES, type Machine } from './machine.ts';
import { ReportReader } from './report.ts';
import { checkRequirements } from './requirements.ts';
import { SCENARIOS, type ScenarioFacts } from './scenarios.ts';

const USAGE = `usage: tsx test/kernel/run.ts [--machine NAME]... [--scenario NAME]... [--raw-only] [--out FOLDER] [--keep]
       tsx test/kernel/run.ts --example NAME... [--out FOLDER] [--keep]
       tsx test/kernel/run.ts --host-side
  --machine   ${MACHINES.map((machine) => machine.name).join(', ')} (default: all)
  --scenario  ${namesOf(SCENARIOS)} (default: all but the measurements)
  --raw-only  only what needs no installed command: ${namesOf(SCENARIOS.filter((one) => !one.needsCommand))}
  --example   on the machine of an example, capture it, and bring the example up and back: ${EXAMPLES.map(({ name }) => name).join(', ')}
  --host-side  no machine: only what C programs print and do, those of plans and those beside plugins (the standard run has it too)
  --out       write the guests' attachments and consoles to FOLDER/<machine>/
  --keep      leave the work folder, and print it`;

/**
 * Three machines share two processors with each other: what takes six minutes alone takes half an hour there. So the whole
 * has a generous limit, and silence a strict one, beyond the longest single test.
 */
const LIMITS = { wholeSeconds: 3600, silentSeconds: 600 };

/** The scenarios whose answers are compared outside. */
const LOCKSTEP: ReadonlySet<string> = new Set(['lockstep', 'lockstep-whole']);

interface Choice {
  /** Whether C programs, those of plans and those beside plugins, are compiled and run here. */
  readonly hostSide: boolean;
  readonly machines: readonly (Machine | ExampleMachine)[];
  readonly scenarios: readonly ScenarioFacts[];
  readonly out: string | undefined;
  readonly keep: boolean;
}

interface Tally {
  passed: number;
  failed: number;
}

function choose(): Choice {
  const { values } = parseArgs({
    options: {
      machine: { type: 'string', multiple: true },
      scenario: { type: 'string', multiple: true },
      example: { type: 'string', multiple: true },
      'raw-only': { type: 'boolean', default: false },
      'host-side': { type: 'boolean', default: false },
      out: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values['host-side']) return { hostSide: true, machines: [], scenarios: [], out: values.out, keep: values.keep };
  if (values.example) {
    const scenarios = SCENARIOS.filter(({ name }) => name === 'example');
    const machines = values.example.map((name) => {
      const example = EXAMPLES.find((one) => one.name === name);
      if (!example) throw new Error(`no example is called ${name}\n${USAGE}`);
      return exampleMachine(example);
    });
    return { hostSide: false, machines, scenarios, out: values.out, keep: values.keep };
  }
  const machines = (values.machine ?? MACHINES.map((machine) => machine.name)).map((name) => {
    const machine = MACHINES.find((one) => one.name === name);
    if (!machine) throw new Error(`no machine is called ${name}\n${USAGE}`);
    return machine;
  });
  const unknown = values.scenario?.filter((name) => !SCENARIOS.some((one) => one.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}\n${USAGE}`);
  const wanted = (one: ScenarioFacts): boolean =>
    values.scenario?.includes(one.name) ?? !(one.onRequest || (values['raw-only'] && one.needsCommand));
  const scenarios = SCENARIOS.filter(wanted);
  // A machine that was asked for by name and has nothing to run is a mistake, and shows as one.
  const used = values.machine ? machines : machines.filter((one) => scenariosOn(one, { scenarios }).length > 0);
  const hostSide = !values.machine && !values.scenario && !values['raw-only'];
  return { hostSide, machines: used, scenarios, out: values.out, keep: values.keep };
}

function namesOf(scenarios: readonly ScenarioFacts[]): string {
  return scenarios.map((one) => one.name).join(', ');
}

/** What runs on a machine: what was chosen and is about what it has. */
function scenariosOn(machine: Machine | ExampleMachine, { scenarios }: Pick<Choice, 'scenarios'>): readonly string[] {
  return scenarios.filter((one) => 'example' in machine || one.machines.includes(machine.name)).map(({ name }) => name);
}

/** Prints results as they come, and counts them. */
const reporter =
  (where: string, tally: Tally) =>
  (passed: boolean, name: string, why = ''): void => {
    tally[passed ? 'passed' : 'failed'] += 1;
    console.log(`${passed ? 'ok' : 'not ok'} ${where}: ${name}${why && `\n    ${why}`}`);
  };

/** Runs one machine from an empty work folder to its power-off, and prints its results as they come. */
async function runMachine(
  machine: Machine | ExampleMachine,
  choice: Choice,
  places: Places,
  tally: Tally,
): Promise<void> {
  const report = reporter(machine.name, tally);
  try {
    const [kernel, root] = await Promise.all([kernelOf(machine), guestRoot(machine.architecture)]);
    const scenarios = scenariosOn(machine, choice);
    const own = path.join(places.work, machine.name);
    const share = path.join(own, 'share');
    await mkdir(share, { recursive: true });
    await fillWorkFolder(share, {
      ...places,
      architecture: machine.architecture,
      node: root.node,
      job: { machine: machine.name, scenarios, ...('example' in machine ? { example: machine.example } : {}) },
    });
    const out = choice.out === undefined ? own : path.resolve(choice.out, machine.name);
    await mkdir(out, { recursive: true });
    const reader = new ReportReader(scenarios, (one) => report(one.passed, one.name, one.why));
    reader.onNote = (text) => console.log(`# ${machine.name}: ${text}`);
    const end = await bootMachine(
      machine,
      {
        kernel: kernel.image,
        board: (await changedTree(machine, own)) ?? kernel.board,
        initramfs: await packInitramfs(machine, { kernel, root: root.folder, share, work: own }),
        root: root.folder,
        work: share,
        reportSocket: path.join(own, 'report'),
        monitorSocket: path.join(own, 'monitor'),
      },
      reader,
      path.join(out, 'console.log'),
      LIMITS,
    );
    const { results, attachments, problems } = reader.finish();
    for (const [name, content] of attachments) await writeFile(path.join(out, name), content);
    if (scenarios.some((name) => LOCKSTEP.has(name))) {
      const { counts } = await checkLockstep(attachments, report);
      await writeFile(path.join(out, 'lockstep.json'), `${JSON.stringify(counts, null, 2)}\n`);
    }
    const wrong = [...(end.problem === undefined ? [] : [end.problem]), ...problems];
    for (const problem of wrong) report(false, 'the machine', problem);
    if (wrong.length > 0) console.log(end.console.map((line) => `    | ${line}`).join('\n'));
    console.log(`# ${machine.name}: ${results.length} results, Linux ${kernel.release}, ${end.seconds.toFixed(1)} s`);
  } catch (error) {
    report(false, 'the machine', error instanceof Error ? error.message : String(error));
  }
}

interface Places {
  readonly checkout: string;
  readonly harness: string;
  readonly work: string;
  readonly installed: string | undefined;
}

async function main(): Promise<void> {
  const choice = choose();
  checkRequirements(choice.machines, choice.scenarios, choice.hostSide);
  const harness = path.dirname(fileURLToPath(import.meta.url));
  const checkout = path.resolve(harness, '..', '..');
  const work = await mkdtemp(path.join(tmpdir(), 'vfio-kernel-'));
  const tally: Tally = { passed: 0, failed: 0 };
  try {
    if (choice.hostSide) {
      await checkCPrograms(checkout, work, reporter('this machine', tally));
    }
    const needed = choice.scenarios.some((one) => one.needsCommand);
    const installed = needed ? await installCommand(checkout, path.join(work, 'installed')) : undefined;
    const queue = [...choice.machines];
    const worker = async (): Promise<void> => {
      for (let machine = queue.shift(); machine; machine = queue.shift()) {
        await runMachine(machine, choice, { checkout, harness, work, installed }, tally);
      }
    };
    // One more than there are processors: a guest has one, and waits for its devices now and then.
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
    if (choice.hostSide) await checkEmittedPrograms(harness, work, reporter('emitted programs', tally));
  } finally {
    if (choice.keep) console.log(`# work folder: ${work}`);
    else await rm(work, { recursive: true, force: true });
  }
  if (tally.passed === 0) tally.failed = Math.max(tally.failed, 1);
  process.exitCode = tally.failed > 0 ? 1 : 0;
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
}

// Killing the harness must not leave machines behind: `exit` is where each boot ends its own QEMU.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});

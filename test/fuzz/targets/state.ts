import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePlan } from '../../../src/compiler/plan-file/encode.ts';
import type { HostInventory, Plan } from '../../../src/model/index.ts';
import { Execution } from '../../../src/runtime/executor/execute.ts';
import { explain } from '../../../src/runtime/executor/explain.ts';
import { BrokenJournal } from '../../../src/runtime/executor/journal.ts';
import { SimulatedKernel } from '../../../src/runtime/kernel/sim/index.ts';
import { bringBack, PlanLost } from '../../../src/runtime/project/recover.ts';
import { BrokenRecord, type ProjectRecord, readRecord } from '../../../src/runtime/project/record.ts';
import { statusOfRecord } from '../../../src/runtime/project/running.ts';
import { type ProjectDirectory, StateDirectory } from '../../../src/runtime/project/state-directory.ts';
import { MemoryJournal } from '../../../src/testing/memory-journal.ts';
import { fuzzWorld } from '../examples.ts';
import { asText, type FuzzTarget, holds, utf8 } from '../target.ts';
import { WatchedKernel } from '../watched-run.ts';

/** Between the three files of a project in one input: the record, the journal, the plan. */
const BETWEEN = '\u001e';

/** A project that was up when its process was killed. */
interface Crashed {
  readonly plan: Plan;
  readonly journal: string;
  readonly original: HostInventory;
  /** What the host had become. */
  readonly now: HostInventory;
}

/**
 * The files of a project that crashed. Whatever stands in them, they are refused by name, or lead back to the host as far as
 * they say; nothing outside of the project's directory is written or removed, and no call leaves the allow-list.
 */
export const stateTarget: FuzzTarget = {
  name: 'state',
  seeds: async () =>
    (await crashes()).map((one) => utf8([recordOf(one), one.journal, encodePlan(one.plan)].join(BETWEEN))),
  run: async (data) => {
    const root = mkdtempSync(join(tmpdir(), 'fuzz-state-'));
    try {
      await recoverIn(root, asText(data));
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
};

async function recoverIn(root: string, input: string): Promise<void> {
  const [record = '', journal = '', ...plan] = input.split(BETWEEN);
  const state = new StateDirectory(join(root, 'state'));
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(root, 'outside', 'kept'), 'kept');
  state.ensure();
  for (const one of await crashes()) {
    const directory = state.project(one.plan.project);
    directory.create();
    const put = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 });
    put(directory.record(), record);
    put(directory.journal(), journal);
    put(directory.plan(), plan.join(BETWEEN));
    await recover(directory, one);
    holds(
      readdirSync(root).sort().join() === 'outside,state',
      () => `there is ${readdirSync(root).join()} beside the state`,
    );
    holds(readFileSync(join(root, 'outside', 'kept'), 'utf8') === 'kept', () => 'a file outside was changed');
    const inside = readdirSync(state.path).filter((name) => name !== directory.name);
    holds(inside.length === 0, () => `there is ${inside.join()} beside the project`);
    directory.remove();
  }
}

async function recover(directory: ProjectDirectory, { original, now }: Crashed): Promise<void> {
  const record = orRefused(() => readRecord(directory));
  if (!record) return;
  statusOfRecord(record);
  holds(record.owner === null || record.owner.pid > 0, () => `the owner is pid ${record.owner?.pid}`);
  const simulated = new SimulatedKernel(original, { state: now });
  const kernel = new WatchedKernel(simulated);
  const machine = {
    inventory: now,
    digest: '',
    names: { user: () => undefined, group: () => undefined, primaryGroup: () => undefined },
    hostFile: record.hostFile,
    plugins: [],
    kernel: () => Promise.resolve(kernel),
    lookAtUses: () => () => [],
    save: () => Promise.resolve(),
  };
  const before = JSON.stringify(simulated.toInventory().devices.map(({ driver }) => driver));
  try {
    const outcome = await bringBack(record, directory, machine, {});
    holds(outcome.kind === 'back' || outcome.kind === 'stuck', () => `the outcome is ${outcome.kind}`);
    holds(
      (outcome.kind === 'back') === !existsSync(directory.path),
      () => `the record is not as after ${outcome.kind}`,
    );
    if (outcome.kind === 'stuck')
      holds(readRecord(directory)?.phase === 'stuck', () => 'what is stuck is not recorded so');
  } catch (error) {
    orThrow(error);
    const after = JSON.stringify(simulated.toInventory().devices.map(({ driver }) => driver));
    holds(before === after, () => 'it was refused, and the host was changed');
  }
  holds(kernel.breaches.length === 0, () => `the way back ${kernel.breaches.join('; ')}`);
}

function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    orThrow(error);
    return undefined;
  }
}

/** The errors that the state of a project may end in. */
function orThrow(error: unknown): void {
  if ([BrokenRecord, BrokenJournal, PlanLost].some((kind) => error instanceof kind)) return;
  throw error;
}

function recordOf({ plan }: Crashed): string {
  const record: ProjectRecord = {
    format_version: 1,
    name: plan.project,
    toolVersion: plan.toolVersion,
    phase: 'up',
    owner: { pid: 4_194_303, startTime: '1', kind: 'supervisor' },
    hostFile: '/srv/host.json',
    source: '0'.repeat(64),
    since: '2026-01-01T00:00:00.000Z',
    plugins: [],
    assignments: plan.assignments,
    left: [],
    failure: null,
  };
  return JSON.stringify(record, null, 2);
}

let made: Promise<readonly Crashed[]> | undefined;

/** Some of the examples, each brought up and left so: what they held is gone, what outlives a process is not. */
const crashes = (): Promise<readonly Crashed[]> => (made ??= makeCrashes());

const CRASHED = new Set(['one-nic', 'two-vms', 'calxeda-midway']);

async function makeCrashes(): Promise<readonly Crashed[]> {
  const { examples } = await fuzzWorld();
  return Promise.all(
    examples
      .filter(({ name }) => CRASHED.has(name))
      .map(async ({ plan, inventory }) => {
        const kernel = new SimulatedKernel(inventory);
        const journal = new MemoryJournal();
        const host = { kernel, holders: () => [] };
        await new Execution({ plan, host, journal, explain, events: {}, stepTimeoutMs: 60_000 }).up();
        const lines = journal.entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
        return { plan, journal: lines, original: inventory, now: kernel.toInventory() };
      }),
  );
}

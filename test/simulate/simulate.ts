import { Killed } from '../../src/runtime/kernel/fault.ts';
import { readRecord } from '../../src/runtime/project/record.ts';
import { hostDifferences } from '../../src/testing/compare-hosts.ts';
import { pick, seeded } from '../../src/testing/lockstep/random.ts';
import { Administrators } from './administrators.ts';
import { randomManifest } from './random-manifest.ts';
import { Strangers } from './strangers.ts';
import { World } from './world.ts';

/** What came of one seed. */
export interface Run {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** How often each thing was done, and how it ended. */
  readonly outcomes: ReadonlyMap<string, number>;
}

const PROJECTS = ['alpha', 'beta', 'gamma'] as const;

/** How much happens in a run before it comes to rest. */
const EVENTS = 60;

/** Runs one seed. The same seed gives the same run, call for call. */
export async function simulate(seed: number, events = EVENTS): Promise<Run> {
  const world = new World(seeded(seed));
  const administrators = new Administrators(world);
  const strangers = new Strangers(world, administrators);
  const { random, scheduler } = world;
  try {
    for (let event = 0; event < events && world.violations.length === 0; event++) {
      const dice = random(100);
      if (scheduler.isBusy && dice < 72) await scheduler.step();
      else if (dice < 76) await killOne(world, administrators);
      else if (dice < 82) await strangers.act();
      else if (dice < 93) await begin(administrators, world);
      else await administrators.down(pick(random, PROJECTS));
    }
    if (world.violations.length === 0) await comeToRest(world, administrators, strangers);
  } catch (error) {
    if (error instanceof Killed) throw error;
    world.violated(`it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    world.dispose();
  }
  const { violations, trace } = world;
  return { seed, violations, trace, outcomes: administrators.outcomes };
}

const begin = (administrators: Administrators, { random, host }: World): Promise<void> => {
  const name = pick(random, PROJECTS);
  return administrators.up(name, randomManifest(random, name, host));
};

async function killOne(world: World, administrators: Administrators): Promise<void> {
  const victims = [...world.processes];
  if (victims.length === 0) return;
  const victim = pick(world.random, victims);
  const holds = [...administrators.held].find(([, { by }]) => by?.process === victim);
  if (holds) return administrators.kill(holds[0]);
  world.say(`${victim.name} is killed`);
  world.died(victim);
  await world.scheduler.kill(victim);
}

/** Everything that is under way ends, the strangers go, and every project is taken down: the host has to be as before. */
async function comeToRest(world: World, administrators: Administrators, strangers: Strangers): Promise<void> {
  world.isCalm = true;
  world.say('everything comes to rest');
  while (world.scheduler.isBusy) await world.scheduler.step();
  await strangers.leave();
  for (const name of PROJECTS) {
    for (let tries = 0; tries < 2 && world.state.projects().includes(name); tries++) {
      // A device that another driver of the host has by now cannot be given back; whoever bound it lets go of it.
      if (tries > 0) await strangers.letGo();
      await administrators.down(name);
      while (world.scheduler.isBusy) await world.scheduler.step();
    }
  }
  for (const name of world.state.projects()) {
    // `down --forget` tries once more: what was left to another project by then is nobody else's any more.
    await administrators.down(name);
    while (world.scheduler.isBusy) await world.scheduler.step();
    if (world.state.projects().includes(name)) forget(name, world);
  }
  await strangers.tidy();
  for (const line of hostDifferences(world.before, world.kernel.toInventory()))
    world.violated(`not as before: ${line}`);
  for (const { name } of world.processes) world.violated(`${name} never ended`);
}

/** What is left of a project may be what strangers had their hands on, which the way back leaves alone: `down --forget`. */
function forget(name: string, world: World): void {
  const { state, touched } = world;
  const left = readRecord(state.project(name))?.left ?? [];
  const isTouched = (resource: string) => touched.has(resource.replace('device ', ''));
  if (left.length === 0 || !left.every(({ resource }) => isTouched(resource)))
    return world.violated(`${name} does not come back`);
  world.say(`${name} is forgotten`);
  state.project(name).remove();
}

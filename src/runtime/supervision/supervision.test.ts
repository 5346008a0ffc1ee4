import { expect, it } from 'vitest';
import type { Process } from '../../model/index.ts';
import type { ProjectEvent } from './events.ts';
import { LaunchFailure, type Launched } from './launch.ts';
import type { Exit, ProcessRecord } from './process-record.ts';
import { Supervision, type SupervisionSide } from './supervision.ts';

const processOf = (vm: string, onExit: Process['onExit']): Process => ({
  vm,
  command: ['/bin/x'],
  user: null,
  workingDirectory: '/',
  environment: [],
  fds: [],
  onExit,
  silence: [],
  reconnect: [],
});

const DIED: Exit = { status: null, signal: 'SIGKILL' };

/** A world in which time passes when it is waited for, and processes end when they are told to. */
class World implements SupervisionSide {
  readonly done: string[] = [];
  readonly events: ProjectEvent[] = [];
  records: readonly ProcessRecord[] = [];
  /** Failures of silencing, of reconnecting and of starting, taken one by one; null succeeds. */
  readonly silencing: (string | null)[] = [];
  readonly reconnecting: (string | null)[] = [];
  readonly starting: (string | null)[] = [];
  /** How long each process runs before it ends by itself; the rest run until they are ended. */
  readonly lifetimes: number[] = [];
  private now = 0;
  private pid = 100;
  private readonly lived = new Map<number, number>();
  private readonly ends = new Map<number, (exit: Exit) => void>();
  /** Waits that nobody may end but a stop. */
  freeze = false;

  readonly clock = {
    now: () => new Date(this.now),
    sleep: async (milliseconds: number, until?: AbortSignal) => {
      this.done.push(`wait ${milliseconds}`);
      if (this.freeze) await new Promise<void>((resolve) => until?.addEventListener('abort', () => resolve()));
      this.now += milliseconds;
    },
  };
  readonly emit = (event: ProjectEvent): void => void this.events.push(event);
  readonly say = (): void => {};
  readonly changed = (records: readonly ProcessRecord[]): void => void (this.records = records);

  async launch({ vm }: Process): Promise<Launched> {
    const failure = this.starting.shift() ?? null;
    if (failure !== null) throw new LaunchFailure(failure);
    const pid = this.pid++;
    this.done.push(`start ${vm}`);
    const lifetime = this.lifetimes.shift();
    const exited = new Promise<Exit>((resolve) => {
      this.ends.set(pid, resolve);
      if (lifetime !== undefined) {
        this.lived.set(pid, lifetime);
        resolve({ status: 3, signal: null });
      }
    });
    return { leader: { pid, startTime: '1' }, exited };
  }

  /** Ends a process from outside. */
  end(pid: number, exit = DIED): void {
    this.ends.get(pid)?.(exit);
  }

  async endSession({ leader }: Launched): Promise<void> {
    this.done.push(`end ${leader.pid}`);
    this.now += this.lived.get(leader.pid) ?? 0;
    this.end(leader.pid);
  }

  async silence({ vm }: Process): Promise<string | null> {
    this.done.push(`silence ${vm}`);
    return this.silencing.shift() ?? null;
  }

  async reconnect({ vm }: Process): Promise<string | null> {
    this.done.push(`reconnect ${vm}`);
    return this.reconnecting.shift() ?? null;
  }
}

async function begun(world: World, ...processes: readonly Process[]): Promise<Supervision> {
  const supervision = new Supervision(processes, world);
  expect(await supervision.start()).toBeNull();
  return supervision;
}

it('R-RESET-1: ends what is left of a process, then silences its devices, before anything else', async () => {
  const world = new World();
  const supervision = await begun(world, processOf('edge', 'release'));
  world.end(100);
  expect(await supervision.finished()).toEqual({ kind: 'release', exit: DIED });
  expect(world.done).toEqual(['start edge', 'end 100', 'silence edge']);
  expect(world.events.map(({ kind }) => kind)).toEqual(['process-started', 'process-exited', 'silenced']);
  expect(world.records).toMatchObject([{ state: 'exited', leader: null, exit: DIED, restarts: 0 }]);
});

it('onExit: hold keeps the project up', async () => {
  const world = new World();
  const supervision = await begun(world, processOf('edge', 'hold'));
  world.end(100);
  expect(await supervision.finished()).toEqual({ kind: 'hold' });
  expect(world.records).toMatchObject([{ state: 'exited', exit: DIED }]);
});

it('onExit: restart waits twice as long each time up to a minute, and from the start again after a good run', async () => {
  const world = new World();
  world.lifetimes.push(...Array.from({ length: 12 }, () => 1), 10_000, 1);
  const supervision = await begun(world, processOf('edge', 'restart'));
  await until(() => world.done.filter((one) => one === 'start edge').length === 15);
  const waits = world.done.filter((one) => one.startsWith('wait')).map((one) => Number(one.slice(5)));
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000, 100, 200]);
  expect(world.records).toMatchObject([{ state: 'running', restarts: 14 }]);
  await supervision.stop();
});

it('a process is started again only after its interrupts are connected', async () => {
  const world = new World();
  world.lifetimes.push(1);
  const supervision = await begun(world, processOf('edge', 'restart'));
  await until(() => world.records[0]?.restarts === 1);
  expect(world.done).toEqual(['start edge', 'end 100', 'silence edge', 'wait 100', 'reconnect edge', 'start edge']);
  await supervision.stop();
});

it('a start that fails later counts as an end, and is tried again', async () => {
  const world = new World();
  world.lifetimes.push(1);
  world.starting.push(null, '/bin/x is gone', null);
  const supervision = await begun(world, processOf('edge', 'restart'));
  await until(() => world.records[0]?.restarts === 2);
  expect(world.done.filter((one) => one.startsWith('wait'))).toEqual(['wait 100', 'wait 200']);
  expect(world.events).toContainEqual({ kind: 'failed', vm: 'edge', failure: '/bin/x is gone' });
  await supervision.stop();
});

it.each(['release', 'restart', 'hold'] as const)(
  'R-RESET-1: onExit: %s holds a device that cannot be silenced, and starts nothing on it',
  async (onExit) => {
    const world = new World();
    world.silencing.push('it goes on');
    const supervision = await begun(world, processOf('edge', onExit));
    world.end(100);
    expect(await supervision.finished()).toEqual({ kind: 'hold' });
    expect(world.records).toMatchObject([
      { state: 'failed', failure: expect.stringContaining('it goes on') as string },
    ]);
    expect(world.done.filter((one) => one === 'start edge')).toHaveLength(1);
  },
);

it('interrupts that cannot be connected again hold the project', async () => {
  const world = new World();
  world.lifetimes.push(1);
  world.reconnecting.push('EINVAL');
  const supervision = await begun(world, processOf('edge', 'restart'));
  expect(await supervision.finished()).toEqual({ kind: 'hold' });
  expect(world.records).toMatchObject([{ state: 'failed', failure: expect.stringContaining('EINVAL') as string }]);
});

it('goes down when the last process has ended, with the first status that is not 0; not where one holds', async () => {
  const world = new World();
  const supervision = await begun(world, processOf('a', 'release'), processOf('b', 'release'));
  const finished = supervision.finished();
  world.end(100, { status: 0, signal: null });
  await until(() => world.records[0]?.state === 'exited');
  expect(world.records).toMatchObject([{ state: 'exited' }, { state: 'running' }]);
  world.end(101, { status: 4, signal: null });
  expect(await finished).toEqual({ kind: 'release', exit: { status: 4, signal: null } });

  const other = new World();
  const held = await begun(other, processOf('a', 'release'), processOf('b', 'hold'));
  other.end(100);
  other.end(101);
  expect(await held.finished()).toEqual({ kind: 'hold' });
});

it('a process that cannot be started ends those that could, and says why', async () => {
  const world = new World();
  world.starting.push(null, 'ENOENT');
  const supervision = new Supervision([processOf('a', 'release'), processOf('b', 'release')], world);
  expect(await supervision.start()).toBe('ENOENT');
  expect(world.done).toEqual(['start a', 'end 100']);
});

it('stop ends every process, leaves their devices to the way back, and starts none again', async () => {
  const world = new World();
  const supervision = await begun(world, processOf('a', 'restart'), processOf('b', 'hold'));
  await supervision.stop();
  expect(world.done).not.toContain('silence a');
  expect(world.done.filter((one) => one.startsWith('start'))).toEqual(['start a', 'start b']);
  expect(world.records.map(({ state, leader }) => [state, leader])).toEqual([
    ['exited', null],
    ['exited', null],
  ]);
});

it('stop ends the wait for a restart', async () => {
  const world = new World();
  world.freeze = true;
  world.lifetimes.push(1);
  const supervision = await begun(world, processOf('edge', 'restart'));
  await until(() => world.records[0]?.state === 'waiting');
  await supervision.stop();
  expect(world.records).toMatchObject([{ state: 'exited' }]);
  expect(world.done.filter((one) => one === 'start edge')).toHaveLength(1);
});

/** Lets what is ready run until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000; turns++) {
    if (isSo()) return;
    await Promise.resolve();
  }
  throw new Error('it never came to that');
}

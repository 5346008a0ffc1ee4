import { processParts } from '../compiler/process-parts.ts';
import type { Plan, Process } from '../model/index.ts';
import type { PeerCredentials } from '../runtime/kernel/linux/unix-socket.ts';
import { HostFiles } from '../runtime/inventory/host-files.ts';
import { liveLook } from '../runtime/project/look-at-devices.ts';
import { identify, isAlive, type ProcessIdentity } from '../runtime/project/process-identity.ts';
import type { ProjectRun } from '../runtime/project/project-run.ts';
import type { ProjectDirectory, StateDirectory } from '../runtime/project/state-directory.ts';
import { realClock } from '../runtime/supervision/clock.ts';
import type { ControlServer, ServedVm } from '../runtime/supervision/control-server.ts';
import { DeviceWatch } from '../runtime/supervision/device-watch.ts';
import { endProcesses } from '../runtime/supervision/end-process.ts';
import type { EmitEvent } from '../runtime/supervision/events.ts';
import { launch, type LaunchOptions } from '../runtime/supervision/launch.ts';
import { type Exit, type ProcessRecord, writeProcesses } from '../runtime/supervision/process-record.ts';
import type { ServiceManager } from '../runtime/supervision/service-manager.ts';
import { Supervision } from '../runtime/supervision/supervision.ts';
import { failureText } from './progress.ts';
import type { Signals } from './signals.ts';

/** A project that is up and is to be held by this process. */
export interface Holding {
  readonly run: ProjectRun;
  readonly plan: Plan;
  readonly state: StateDirectory;
  readonly signals: Signals;
  /** Whether the host is a simulated one, where descriptors mean nothing to a process. */
  readonly simulated: boolean;
  /** Takes the output of the processes; left out, it goes where ours goes. */
  readonly output?: ((vm: string) => NonNullable<LaunchOptions['output']>) | undefined;
  readonly manager: ServiceManager;
  readonly emit: EmitEvent;
  say(line: string): void;
  /** Called when the processes run. */
  ready(): Promise<void> | void;
}

/** Why a project is not held any longer. Its processes have ended; the way back is the caller's. */
export type HoldEnd =
  | { readonly kind: 'not-started'; readonly failure: string }
  | { readonly kind: 'signal' }
  | { readonly kind: 'released'; readonly exit: Exit };

/** Starts the processes of a project, and holds it until a signal comes or the processes let it go. */
export async function holdProject(holding: Holding): Promise<HoldEnd> {
  const { plan, signals, emit, say, manager } = holding;
  const directory = holding.state.project(plan.project);
  const book = new ProcessBook(directory);
  const supervision = supervisionOf(holding, book);
  emit({ kind: 'up' });
  const failure = await supervision.start();
  if (failure !== null) {
    await book.endJoined();
    return { kind: 'not-started', failure };
  }
  const socket = await openSocket(holding, book);
  const endWatch = watchDevices(holding);
  try {
    await holding.ready();
    manager.tell(`MAINPID=${process.pid}`, 'READY=1', `STATUS=Project ${plan.project} is up.`);
    if (holding.simulated && plan.processes) say('The host is simulated: its processes get no descriptors.');
    const released = supervision.finished().then((verdict): Promise<HoldEnd> | HoldEnd => {
      const holds = verdict.kind === 'hold' || plan.processes === undefined;
      return holds ? new Promise<never>(() => {}) : { kind: 'released', exit: verdict.exit };
    });
    const end = await Promise.race([signals.arrived().then((): HoldEnd => ({ kind: 'signal' })), released]);
    manager.tell('STOPPING=1', 'STATUS=Taking everything back.');
    emit({ kind: 'going-back' });
    return end;
  } finally {
    endWatch();
    socket?.close();
    await Promise.all([supervision.stop(), book.endJoined()]);
  }
}

/** A simulated host is this process's own: nobody else changes it. Returns what ends the watch. */
function watchDevices({ plan, simulated, emit, say }: Holding): () => void {
  if (simulated) return () => {};
  return new DeviceWatch(plan.assignments, liveLook(new HostFiles('')), emit, say).start();
}

function supervisionOf(holding: Holding, book: ProcessBook): Supervision {
  const { run, plan, emit, say } = holding;
  return new Supervision(plan.processes ?? [], {
    clock: realClock,
    emit,
    say,
    launch: (planned: Process) =>
      launch({
        project: plan.project,
        process: planned,
        fds: run.descriptorsOf(planned.fds.map(({ handle }) => handle)),
        trampoline: [...process.execArgv, process.argv[1] ?? '', '__exec'],
        output: holding.output?.(planned.vm),
      }),
    endSession: async ({ leader }) => {
      const left = await endProcesses([{ kind: 'session', leader }], realClock);
      for (const { pid } of left) say(`pid ${pid} does not end, not even by SIGKILL.`);
    },
    silence: async (planned) => {
      const [failed] = await run.silenceAfter(planned);
      return failed ? failureText(failed) : null;
    },
    reconnect: async (planned) => {
      const failed = await run.reconnect(planned);
      return failed ? failureText(failed) : null;
    },
    changed: (records) => book.keep(records),
  });
}

/** The socket through which commands join; none, with a line that says why, where it cannot be made. */
async function openSocket(holding: Holding, book: ProcessBook): Promise<ControlServer | undefined> {
  const { plan, state, emit, say } = holding;
  const [{ makeSocketDirectory, socketPath }, { ControlServer: Control }, { loadUnixSockets }] = await Promise.all([
    import('../runtime/supervision/socket-place.ts'),
    import('../runtime/supervision/control-server.ts'),
    import('../runtime/kernel/linux/unix-socket.ts'),
  ]);
  try {
    makeSocketDirectory(state);
    return await Control.listen({
      path: socketPath(state, plan.project),
      sockets: await loadUnixSockets(),
      vms: servedVms(holding),
      joined: (vm, peer) => {
        book.join(vm, peer);
        emit({ kind: 'joined', vm, pid: peer.pid, uid: peer.uid });
      },
      say,
    });
  } catch (error) {
    say(`There is no socket for "exec": ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function servedVms({ run, plan, simulated }: Holding): ServedVm[] {
  const names = [...new Set(plan.assignments.map(({ vm }) => vm))];
  return names.map((name) => {
    const { fds } = processParts(name, plan.assignments, plan);
    const open = run.descriptorsOf(fds.map(({ handle }) => handle));
    return {
      name,
      uid: plan.processes?.find(({ vm }) => vm === name)?.user?.uid ?? null,
      fds: open.flatMap((fd, index) => ({ fd, name: fds[index]?.name ?? '' })),
      without: simulated
        ? 'The host is simulated, so that there are no descriptors.'
        : `With "handoff: bind" nobody holds descriptors of ${name}: its nodes are opened by whoever they are given to.`,
    };
  });
}

/** What the project's directory knows of its processes, and of those that joined them. */
class ProcessBook {
  private processes: readonly ProcessRecord[] = [];
  private joined: (ProcessIdentity & { readonly vm: string })[] = [];

  constructor(private readonly directory: ProjectDirectory) {}

  keep(processes: readonly ProcessRecord[]): void {
    this.processes = processes;
    this.write();
  }

  /** Written before the descriptors go out: afterwards it might be too late. */
  join(vm: string, { pid }: PeerCredentials): void {
    const identity = identify(pid);
    this.joined = this.joined.filter((one) => isAlive(one));
    if (identity) this.joined.push({ ...identity, vm });
    this.write();
  }

  /** Ends what has joined: it has the devices open, so that they could not go back. */
  async endJoined(): Promise<void> {
    await endProcesses(
      this.joined.map((process) => ({ kind: 'process', process })),
      realClock,
    );
  }

  private write(): void {
    writeProcesses(this.directory, { format_version: 1, processes: this.processes, joined: this.joined });
  }
}

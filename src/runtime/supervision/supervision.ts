import type { Process } from '../../model/index.ts';
import { BackOff } from './back-off.ts';
import type { Clock } from './clock.ts';
import type { EmitEvent } from './events.ts';
import { LaunchFailure, type Launched } from './launch.ts';
import { type Exit, exitText, type ProcessRecord, type ProcessState } from './process-record.ts';

/** What supervision does through others: tests hand in their own. */
export interface SupervisionSide {
  readonly clock: Clock;
  /** Throws {@link LaunchFailure}. */
  launch(process: Process): Promise<Launched>;
  /** Ends what is left of a process's session. */
  endSession(launched: Launched): Promise<void>;
  /** Quiesces and resets the devices of a process that has ended. Returns what failed, null where nothing did. */
  silence(process: Process): Promise<string | null>;
  /** Connects the interrupts again. Returns what failed, null where nothing did. */
  reconnect(process: Process): Promise<string | null>;
  readonly emit: EmitEvent;
  say(line: string): void;
  /** Called whenever something changed that the next command has to know. */
  changed(records: readonly ProcessRecord[]): void;
}

/** How a project stands when all of its processes have ended for good. */
export type Verdict =
  /** The project goes down. */
  | { readonly kind: 'release'; readonly exit: Exit }
  /** It stays up until `down`: a process says so, or its devices could not be made ready again. */
  | { readonly kind: 'hold' };

/** A shell's status for what is not there; what a program that cannot be started counts as. */
const NOT_STARTED: Exit = { status: 127, signal: null };

/** The processes of a project: starts them, waits, silences their devices, and does what `onExit` says. */
export class Supervision {
  private readonly records = new Map<string, ProcessRecord>();
  private readonly running = new Map<string, Launched>();
  private readonly stopping = new AbortController();
  private lives: Promise<void>[] = [];
  /** The exits of the processes that let their project go, in the order in which they came. */
  private readonly released: Exit[] = [];

  constructor(
    private readonly processes: readonly Process[],
    private readonly side: SupervisionSide,
  ) {}

  /**
   * Starts every process. Returns why one could not be started, after ending the others; null where all run.
   */
  async start(): Promise<string | null> {
    const started: { readonly process: Process; readonly launched: Launched }[] = [];
    for (const process of this.processes) {
      try {
        started.push({ process, launched: await this.launched(process, 0) });
      } catch (error) {
        if (!(error instanceof LaunchFailure)) throw error;
        await Promise.all([...this.running.values()].map((launched) => this.side.endSession(launched)));
        this.side.emit({ kind: 'failed', vm: process.vm, failure: error.message });
        return error.message;
      }
    }
    this.lives = started.map(({ process, launched }) => this.live(process, launched));
    return null;
  }

  /** Resolves when no process runs any more, or will. */
  async finished(): Promise<Verdict> {
    await Promise.all(this.lives);
    const holds = [...this.records.values()].some(({ state }) => state === 'failed') || this.someHold();
    const exit = this.released.find(({ status }) => status !== 0) ?? this.released[0];
    return holds || exit === undefined ? { kind: 'hold' } : { kind: 'release', exit };
  }

  /** Ends every process and starts none again. Their devices are silenced by the way back, which follows. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.running.values()].map((launched) => this.side.endSession(launched)));
    await Promise.all(this.lives);
  }

  private someHold(): boolean {
    return this.processes.some(({ vm, onExit }) => onExit === 'hold' && this.records.get(vm)?.state === 'exited');
  }

  private async launched(process: Process, restarts: number): Promise<Launched> {
    const launched = await this.side.launch(process);
    this.running.set(process.vm, launched);
    this.record(process, 'running', { leader: launched.leader, restarts });
    this.side.emit({ kind: 'process-started', vm: process.vm, pid: launched.leader.pid, restarts });
    return launched;
  }

  /** One process, from its first start to its last end. */
  private async live(process: Process, first: Launched): Promise<void> {
    const backOff = new BackOff();
    let launched: Launched | null = first;
    for (let restarts = 1; ; restarts++) {
      const began = this.side.clock.now().getTime();
      const exit: Exit = launched ? await this.ended(process, launched) : NOT_STARTED;
      if (this.stopping.signal.aborted) return this.record(process, 'exited', { leader: null, exit });
      if (!(await this.silenced(process, exit))) return;
      if (process.onExit !== 'restart') {
        if (process.onExit === 'release') this.released.push(exit);
        return this.record(process, 'exited', { exit });
      }
      await this.waited(process, backOff.after(this.side.clock.now().getTime() - began));
      if (this.stopping.signal.aborted) return this.record(process, 'exited', { exit });
      launched = await this.startedAgain(process, restarts);
      if (this.records.get(process.vm)?.state === 'failed') return;
      // Stopped while it was being started: nobody else knows of it yet.
      if (launched && this.stopping.signal.aborted) await this.side.endSession(launched);
    }
  }

  private async ended(process: Process, launched: Launched): Promise<Exit> {
    const exit = await launched.exited;
    this.running.delete(process.vm);
    const { pid } = launched.leader;
    this.side.emit({ kind: 'process-exited', vm: process.vm, pid, ...exit });
    this.side.say(`The process of ${process.vm} (pid ${pid}) ended: ${exitText(exit)}.`);
    await this.side.endSession(launched);
    return exit;
  }

  /** Whether the devices are silent. Where they are not, the project is held as it is: nobody else may get them. */
  private async silenced(process: Process, exit: Exit): Promise<boolean> {
    this.record(process, 'silencing', { leader: null, exit });
    const failure = await this.side.silence(process);
    if (failure === null) {
      this.side.emit({ kind: 'silenced', vm: process.vm });
      return true;
    }
    this.failed(process, `its devices could not be silenced: ${failure}`);
    return false;
  }

  private async waited(process: Process, milliseconds: number): Promise<void> {
    this.record(process, 'waiting', {});
    this.side.emit({ kind: 'restarting', vm: process.vm, inMilliseconds: milliseconds });
    await this.side.clock.sleep(milliseconds, this.stopping.signal);
  }

  /** The process, started again; null where it could not be, and is to be tried again later. */
  private async startedAgain(process: Process, restarts: number): Promise<Launched | null> {
    const failure = await this.side.reconnect(process);
    if (failure !== null) {
      this.failed(process, `its interrupts could not be connected again: ${failure}`);
      return null;
    }
    try {
      return await this.launched(process, restarts);
    } catch (error) {
      if (!(error instanceof LaunchFailure)) throw error;
      this.side.emit({ kind: 'failed', vm: process.vm, failure: error.message });
      this.side.say(error.message);
      return null;
    }
  }

  private failed(process: Process, failure: string): void {
    this.record(process, 'failed', { failure });
    this.side.emit({ kind: 'failed', vm: process.vm, failure });
    this.side.say(`The process of ${process.vm} is not started again: ${failure}`);
  }

  private record(process: Process, state: ProcessState, what: Partial<ProcessRecord>): void {
    const before = this.records.get(process.vm);
    this.records.set(process.vm, {
      vm: process.vm,
      command: process.command,
      leader: before?.leader ?? null,
      exit: before?.exit ?? null,
      restarts: before?.restarts ?? 0,
      failure: null,
      ...what,
      state,
      since: this.side.clock.now().toISOString(),
    });
    this.side.changed([...this.records.values()]);
  }
}

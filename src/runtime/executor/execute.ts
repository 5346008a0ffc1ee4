import { type DeviceRef, type Plan, persistenceOf, type Process, type Step, type StepKind } from '../../model/index.ts';
import { deviceOfStep, fateOf } from './device-fate.ts';
import { type Explain, failureOf, isBearable, type StepFailure, WayBackLost } from './failure.ts';
import { Handles } from './handles.ts';
import type { HostSide, Past } from './host-steps.ts';
import type { Journal, JournalState } from './journal.ts';
import { LoudDevices } from './loud-devices.ts';
import { perform } from './perform.ts';
import { type Recovery, silence } from './silence.ts';
import { TimedCalls } from './timed-calls.ts';
import { unboundByHand } from './unbound-by-hand.ts';

/** What a run tells while it goes. */
export interface ExecutorEvents {
  started?(step: Step, index: number, of: number): void;
  finished?(step: Step, index: number, of: number): void;
  failed?(failure: StepFailure): void;
  /** The kernel has not answered for a while; `users` are those who use the device, a line each. */
  waiting?(step: Step, users: readonly string[]): void;
  /** A best-effort step failed; the run goes on. */
  warned?(failure: StepFailure): void;
  /** A device is not there any more: what is left of the way back has nothing to give back. */
  gone?(device: DeviceRef): void;
  /**
   * A step of the way back is left to another project, which needs what it would undo; or may need it, where what it needs is
   * not known.
   */
  left?(step: Step, project: string, known: boolean): void;
}

export interface ExecutorInput {
  readonly plan: Plan;
  readonly host: HostSide;
  readonly journal: Journal;
  readonly explain: Explain;
  readonly events: ExecutorEvents;
  /** How long a durable step may take, in milliseconds. */
  readonly stepTimeoutMs: number;
  /** Stops `up` before its next step. */
  readonly signal?: AbortSignal;
}

export type UpOutcome =
  | { readonly kind: 'up'; readonly ran: ReadonlySet<string> }
  | { readonly kind: 'failed'; readonly failure: StepFailure; readonly ran: ReadonlySet<string> };

/** Where the steps of a run stand before its way back: what {@link JournalState} says of them, as far as there is more than `ran`. */
export type StepsSoFar = Pick<JournalState, 'ran'> & Partial<Pick<JournalState, 'undone' | 'unsettled'>>;

const isToUndo = (id: string, undoes: string, { ran, undone }: StepsSoFar): boolean =>
  ran.has(undoes) && undone?.has(id) !== true;

const DISCONNECTS: ReadonlySet<StepKind> = new Set<StepKind>(['clear-irqs', 'clear-irq-unmask']);

/** A plan in the middle of being run: walks it, and walks it back. Decides nothing; the plan has decided. */
export class Execution {
  readonly handles = new Handles();
  /** The steps of the way back that have been carried out ahead of it: interrupts that are off already. */
  private readonly ahead = new Set<string>();
  private readonly timed: TimedCalls;

  /** Durable steps of this run that failed: whether they had an effect is not known. */
  private readonly failed = new Set<string>();

  /** The host on the way back, where somebody else may have been at it meanwhile. */
  private readonly backSide: HostSide;

  constructor(private readonly input: ExecutorInput) {
    const { plan, host } = input;
    const made = new Map(
      plan.up.map((step) => [step.id, step.kind === 'set-driver-override' ? step.driver : undefined]),
    );
    this.timed = new TimedCalls(input);
    this.backSide = { ...host, overrideOfUp: ({ undoes = '' }) => made.get(undoes) };
  }

  /**
   * Carries out the steps of `up` in order and stops at the first that fails. Nothing is taken back: the caller does
   * that with {@link back} and the steps that ran.
   */
  async up(): Promise<UpOutcome> {
    const { plan, journal, events, signal } = this.input;
    const ran = new Set<string>();
    const of = plan.up.length;
    for (let index = 0; index < of; index++) {
      const step = plan.up[index];
      if (!step) break;
      if (signal?.aborted) return { kind: 'failed', failure: interruptedAt(step), ran };
      events.started?.(step, index, of);
      const durable = persistenceOf(step.kind) === 'durable';
      if (durable) journal.record('begun', step.id);
      try {
        const pending = perform(step, this.input.host, this.handles);
        // A held step has no limit: pinning a terabyte takes minutes, and giving up would leave the call running.
        if (pending) await (durable ? this.timed.within(pending, step) : pending);
      } catch (error) {
        // A durable step that failed may have had an effect; its way back looks at the host and decides.
        if (durable) {
          ran.add(step.id);
          this.failed.add(step.id);
        }
        const failure = failureOf(step, error, this.input.explain);
        if (isBearable(failure)) {
          events.warned?.(failure);
          continue;
        }
        events.failed?.(failure);
        return { kind: 'failed', failure, ran };
      }
      ran.add(step.id);
      if (durable) journal.record('done', step.id);
      events.finished?.(step, index, of);
    }
    return { kind: 'up', ran };
  }

  /**
   * Walks the way back for the steps that ran. A step that fails is kept and the rest goes on, so that as much as
   * possible of the host comes back; but a device that could not be silenced is not given to anybody. Returns what did not
   * come back.
   *
   * @param unsilenced resources of devices that {@link recover} could not silence.
   */
  async back(steps: StepsSoFar, unsilenced: ReadonlySet<string> = new Set()): Promise<StepFailure[]> {
    const { plan, events } = this.input;
    const wanted = plan.down.filter(({ id, undoes = '' }) => isToUndo(id, undoes, steps) && !this.ahead.has(id));
    const left: StepFailure[] = [];
    const loud = new LoudDevices(this.input.host.kernel, plan, unsilenced);
    const of = wanted.length;
    for (let index = 0; index < of; index++) {
      const step = wanted[index];
      if (!step) break;
      if (loud.holdsBack(step) || this.taken.has(step.resource)) continue;
      events.started?.(step, index, of);
      // Only where there is something to wait for: a turn of the queue costs as much as removing a mapping.
      const outcome = this.backStep(step, this.pastOf(step, steps));
      const failure = outcome instanceof Promise ? await outcome : outcome;
      if (failure && isBearable(failure)) {
        events.warned?.(failure);
      } else if (failure) {
        const lasting = this.lasting(failure);
        if (!lasting) continue;
        left.push(lasting);
        events.failed?.(lasting);
        loud.failed(step);
      } else {
        events.finished?.(step, index, of);
      }
    }
    return left;
  }

  /**
   * The way back of a run whose process is gone, from what its journal says: what it held went with its file descriptors; its
   * devices are silenced, and what outlived it is taken back. Returns what did not come back.
   */
  async resume(steps: Omit<JournalState, 'damaged'>): Promise<StepFailure[]> {
    const byHand = unboundByHand(this.input.plan, this.input.host.kernel, steps);
    for (const failure of byHand) this.input.events.failed?.(failure);
    const { left, unsilenced } = await this.recover(steps);
    const loud = new Set([...unsilenced, ...byHand.map(({ step }) => step.resource)]);
    return [...byHand, ...left, ...(await this.back(steps, loud))];
  }

  /**
   * Silences the devices that this process does not hold: those whose holder is gone, and those that were only bound.
   *
   * @param wanted which steps of the recovery: all of a device or none of it.
   */
  recover({ ran, undone = new Set() }: StepsSoFar, wanted?: (step: Step) => boolean): Promise<Recovery> {
    return silence(this.input, this.handles, { ran, undone }, wanted);
  }

  /**
   * Silences the devices of a process that has ended, as its plan says it (R-RESET-1). What this process holds stays open.
   * Returns what failed; the rest is carried out all the same.
   */
  async silenceAfter({ silence: ids }: Process, ran: ReadonlySet<string>): Promise<readonly StepFailure[]> {
    const wanted = new Set(ids);
    const left: StepFailure[] = [...(await this.recover({ ran }, ({ id }) => wanted.has(id))).left];
    for (const step of this.input.plan.down) {
      if (!wanted.has(step.id) || this.ahead.has(step.id) || !ran.has(step.undoes ?? '')) continue;
      const failure = await this.backStep(step, 'known');
      if (failure && isBearable(failure)) this.input.events.warned?.(failure);
      else if (failure) left.push(failure);
      // The kernel refuses to turn off what is off; a reset may be done again, and is, before the device goes back.
      else if (DISCONNECTS.has(step.kind)) this.ahead.add(step.id);
    }
    return left;
  }

  /** Connects what {@link silenceAfter} has disconnected, for the next process. Returns the first failure. */
  async reconnect({ reconnect: ids }: Process): Promise<StepFailure | undefined> {
    const wanted = new Set(ids);
    for (const step of this.input.plan.up) {
      if (!wanted.has(step.id)) continue;
      try {
        await perform(step, this.input.host, this.handles);
      } catch (error) {
        return failureOf(step, error, this.input.explain);
      }
      for (const back of this.input.plan.down) if (back.undoes === step.id) this.ahead.delete(back.id);
    }
    return undefined;
  }

  /** The addresses of the devices that turned out not to be there any more. */
  readonly gone = new Set<string>();

  /** The resources of devices that somebody else has taken meanwhile: what is left of their way back is not ours to do. */
  private readonly taken = new Set<string>();

  /** A failure of the way back, with what has become of the device; undefined where it is gone, and nothing is left to do. */
  private lasting(failure: StepFailure): StepFailure | undefined {
    const { plan, host, events } = this.input;
    const fate = fateOf(failure, plan, host.kernel);
    switch (fate.kind) {
      case 'here':
        return failure;
      case 'taken':
        this.taken.add(failure.step.resource);
        return fate.failure;
      case 'gone': {
        const device = deviceOfStep(failure.step, plan);
        if (device && !this.gone.has(device.address)) {
          this.gone.add(device.address);
          events.gone?.(device);
        }
        return undefined;
      }
    }
  }

  /** {@link TimedCalls.stillUnsettled} */
  stillUnsettled(graceMs: number): Promise<Step | undefined> {
    return this.timed.stillUnsettled(graceMs);
  }

  private pastOf({ id, undoes = '' }: Step, { unsettled }: StepsSoFar): Past {
    const isUnknown = unsettled?.has(id) === true || unsettled?.has(undoes) === true || this.failed.has(undoes);
    return isUnknown ? 'unknown' : 'known';
  }

  /** A step that is over when it returns makes no promise and no closure: there may be tens of thousands. */
  private backStep(step: Step, past: Past): StepFailure | undefined | Promise<StepFailure | undefined> {
    const durable = persistenceOf(step.kind) === 'durable';
    if (durable) this.input.journal.record('undoing', step.id);
    let pending: Promise<void> | void;
    try {
      pending = perform(step, this.backSide, this.handles, past);
    } catch (error) {
      return failureOf(step, error, this.input.explain);
    }
    if (pending) return this.backLater(step, pending, durable);
    if (durable) this.input.journal.record('undone', step.id);
    return undefined;
  }

  private async backLater(step: Step, pending: Promise<void>, durable: boolean): Promise<StepFailure | undefined> {
    try {
      await (durable ? this.timed.within(pending, step) : pending);
    } catch (error) {
      if (error instanceof WayBackLost) this.input.journal.record('undone', step.id);
      return failureOf(step, error, this.input.explain);
    }
    if (durable) this.input.journal.record('undone', step.id);
    return undefined;
  }
}

const interruptedAt = (step: Step): StepFailure => ({
  step,
  kind: 'interrupted',
  operation: step.kind,
  errno: null,
  explanation: 'a signal arrived before this step',
});

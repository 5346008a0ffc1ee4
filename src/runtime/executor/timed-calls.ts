import { describeUsers, type Step } from '../../model/index.ts';
import { StepTimeout } from './failure.ts';
import type { HostSide } from './host-steps.ts';

interface Timing {
  readonly host: HostSide;
  /** How long a call may take, in milliseconds. */
  readonly stepTimeoutMs: number;
  readonly events: {
    /** The kernel has not answered for a while; `users` are those who use the device, a line each. */
    waiting?(step: Step, users: readonly string[]): void;
  };
}

/** Calls that the kernel may keep waiting, a driver's remove above all: each has its time, and is told of before that is up. */
export class TimedCalls {
  /** The step whose time was up, while the kernel is still at it. */
  private unsettled: { readonly step: Step; readonly call: Promise<void> } | undefined;

  constructor(private readonly input: Timing) {}

  /**
   * Gives a call whose time was up some more, and returns the step where the kernel is still at it then. Such a step
   * must not be taken back: whatever is looked up on the host may be otherwise a moment later.
   */
  async stillUnsettled(graceMs: number): Promise<Step | undefined> {
    const { unsettled } = this;
    if (!unsettled) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), graceMs);
    });
    const settled = await Promise.race([
      unsettled.call.then(
        () => true,
        () => true,
      ),
      over,
    ]);
    clearTimeout(timer);
    return settled ? undefined : unsettled.step;
  }

  /** Waits for a call as long as it may take. Throws {@link StepTimeout} when its time is up, and what the call throws. */
  async within(pending: Promise<void>, step: Step): Promise<void> {
    const limit = this.input.stepTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const users = this.usersOf(step);
        const because = users.length === 0 ? '' : `, kept by ${users.join('; ')}`;
        reject(new StepTimeout(`no answer after ${limit / 1000} s; the kernel is still at it${because}`));
      }, limit);
    });
    // Long before it is given up a person should know that it waits, and for whom.
    const told = setTimeout(() => this.input.events.waiting?.(step, this.usersOf(step)), limit / 12);
    this.unsettled = { step, call: pending };
    try {
      await Promise.race([pending, timeout]);
      this.unsettled = undefined;
    } catch (error) {
      // Only a call that is given up goes on behind our back; one that failed is over.
      if (!(error instanceof StepTimeout)) this.unsettled = undefined;
      throw error;
    } finally {
      clearTimeout(timer);
      clearTimeout(told);
    }
  }

  /** Who uses the device of a step, a line each: those for whom the kernel may be waiting. */
  private usersOf(step: Step): string[] {
    return 'device' in step ? describeUsers(this.input.host.holders(step.device)) : [];
  }
}

import { DelegatingKernel, type PortCall } from './delegate.ts';
import { kernelError, type ErrnoName } from './errno.ts';
import type { Kernel } from './port.ts';

/** The process was killed at a call. Nothing may catch it but the test: a dead process runs no rollback. */
export class Killed extends Error {
  override readonly name = 'Killed';
  constructor(
    readonly at: number,
    readonly call: string,
  ) {
    super(`killed at call ${at}, ${call}`);
  }
}

export interface Fault {
  /** Which of the counted calls, from 1. */
  readonly at: number;
  /** Whether the call still takes effect: `before` it does not, `after` it does although its result is never seen. */
  readonly when: 'before' | 'after';
  /** An errno fails that one call; `kill` ends the process there and then. */
  readonly how: ErrnoName | 'kill';
  /** Which calls count; all of them where it is left out. */
  readonly counts?: (call: PortCall) => boolean;
}

/**
 * A kernel that fails, or kills the process, at the k-th call. After a kill every further call throws {@link Killed}
 * too and reaches nothing.
 */
export class FaultKernel extends DelegatingKernel {
  #calls = 0;
  #killed: Killed | undefined;

  constructor(
    inner: Kernel,
    private readonly fault: Fault,
  ) {
    super(inner);
  }

  /** How many counted calls there were: run once with a fault beyond the end to learn where faults can be put. */
  get calls(): number {
    return this.#calls;
  }

  /** Whether the fault has happened. */
  get happened(): boolean {
    return this.#calls >= this.fault.at;
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    if (!this.#strikes(call)) return run();
    if (this.fault.when === 'after') this.#tried(run);
    throw this.#failure(call);
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    if (!this.#strikes(call)) return run();
    if (this.fault.when === 'after') await this.#triedLater(run);
    throw this.#failure(call);
  }

  #strikes(call: PortCall): boolean {
    if (this.#killed) throw this.#killed;
    if (this.fault.counts && !this.fault.counts(call)) return false;
    this.#calls += 1;
    return this.#calls === this.fault.at;
  }

  /** A call that fails by itself has no effect to lose. */
  #tried(run: () => unknown): void {
    try {
      run();
    } catch {
      // The injected failure takes the place of the call's own.
    }
  }

  async #triedLater(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch {
      // As above.
    }
  }

  #failure(call: PortCall): Error {
    if (this.fault.how !== 'kill') return kernelError(call.name, call.target, this.fault.how);
    this.#killed = new Killed(this.#calls, call.name);
    return this.#killed;
  }
}

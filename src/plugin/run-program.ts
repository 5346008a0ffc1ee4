import {
  hex,
  type Register,
  type RegisterAction,
  type RegisterCondition,
  type RegisterModel,
  type ResetAction,
  unreachable,
} from '../model/index.ts';

/** What a program did to a model of its device. */
export interface ProgramRun {
  /** What did not hold, or did not come in time; a program that proves what it does leaves nothing here. */
  readonly failures: readonly string[];
  /** The same of actions that only warn. */
  readonly warnings: readonly string[];
  /** Accesses to registers, in order: `write DMA_CONTROL 0x0`. */
  readonly accesses: readonly string[];
  /** How long the delays and the waiting took, in microseconds of simulated time. */
  readonly microseconds: number;
}

/**
 * Runs a program on a model of the device, without a kernel and without time passing: what tests of a plugin do. What the
 * kernel does for a device (`kernel-reset`, `hot-reset`) resets the model.
 */
export function runProgram(program: readonly ResetAction[], model: RegisterModel): ProgramRun {
  const run = new Run(model);
  for (const action of program) run.perform(action);
  return run;
}

class Run implements ProgramRun {
  readonly failures: string[] = [];
  readonly warnings: string[] = [];
  readonly accesses: string[] = [];
  microseconds = 0;

  constructor(private readonly model: RegisterModel) {}

  perform(action: ResetAction): void {
    if ('when' in action && action.when && !this.holds(action.when)) return;
    switch (action.kind) {
      case 'delay':
        this.microseconds += action.microseconds;
        break;
      case 'kernel-reset':
      case 'hot-reset':
        this.model.reset();
        break;
      case 'write':
        this.write(action.register, action.value);
        break;
      case 'modify':
        this.write(action.register, (this.read(action.register) & ~action.clear) | action.set);
        break;
      case 'expect':
        if ((this.read(action.register) & action.mask) !== action.equals) this.note(action, action.onMismatch);
        break;
      case 'poll':
        this.poll(action);
        break;
      default:
        unreachable(action);
    }
  }

  private poll(action: Extract<RegisterAction, { kind: 'poll' }>): void {
    const limit = this.microseconds + action.timeoutMilliseconds * 1000;
    while ((this.read(action.register) & action.mask) !== action.equals) {
      if (this.microseconds >= limit) return this.note(action, action.onTimeout);
      this.microseconds += action.intervalMicroseconds;
    }
  }

  private holds({ register, mask, equals }: RegisterCondition): boolean {
    return (this.read(register) & mask) === equals;
  }

  private note({ register, action }: { register: Register; action: string }, how: 'fail' | 'warn'): void {
    (how === 'fail' ? this.failures : this.warnings).push(`${register.name}: ${action}`);
  }

  private read({ name, region, offset, width }: Register): bigint {
    const value = this.model.read(region, offset, width);
    this.accesses.push(`read ${name} ${hex(value)}`);
    return value;
  }

  private write({ name, region, offset, width }: Register, value: bigint): void {
    this.accesses.push(`write ${name} ${hex(value)}`);
    this.model.write(region, offset, width, value);
  }
}

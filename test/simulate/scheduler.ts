import { invariant } from '../../src/model/index.ts';
import { Killed } from '../../src/runtime/kernel/fault.ts';
import type { Random } from '../../src/testing/lockstep/random.ts';

/** A task that waits for its turn. */
interface Waiting {
  readonly task: Task;
  go(): void;
  die(error: Killed): void;
}

/** Something that a process does, as the scheduler tells it from others. */
export interface Task {
  readonly name: string;
}

/**
 * Lets one task at a time go on, from one of its turns to the next: which of them, a seed decides. So the order of everything
 * is the seed's, however long the machine takes for what lies between two turns.
 */
export class Scheduler {
  readonly #waiting: Waiting[] = [];
  readonly #tasks = new Set<Task>();
  readonly #thrown: unknown[] = [];
  #rests: (() => void) | undefined;

  constructor(private readonly random: Random) {}

  /** Whether any task is under way. */
  get isBusy(): boolean {
    return this.#tasks.size > 0;
  }

  /** What tasks threw: nothing may come out of one but by a bug. */
  get thrown(): readonly unknown[] {
    return this.#thrown;
  }

  /** Begins a task and returns once it waits for its first turn. */
  async begin(task: Task, run: () => Promise<void>): Promise<void> {
    this.#tasks.add(task);
    const rests = this.#rest();
    void run()
      .catch((error: unknown) => void this.#thrown.push(error))
      .finally(() => {
        this.#tasks.delete(task);
        this.#rests?.();
      });
    await rests;
  }

  /** What a task waits in, before each call that others could come in between. Throws {@link Killed} where it dies there. */
  turn(task: Task): Promise<void> {
    return new Promise((go, die) => {
      this.#waiting.push({ task, go, die });
      this.#rests?.();
    });
  }

  /** Lets one of the waiting tasks go on to its next turn, or to its end. */
  async step(): Promise<void> {
    const [next] = this.#waiting.splice(this.random(this.#waiting.length), 1);
    invariant(next, 'a task that is under way waits for its turn');
    await this.#resume(() => next.go());
  }

  /** Kills one of the waiting tasks; its process must be dead by then. Returns when it is over. */
  async kill(task: Task): Promise<void> {
    const at = this.#waiting.findIndex((one) => one.task === task);
    const [dying] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (dying) await this.#resume(() => dying.die(new Killed(0, 'its turn')));
  }

  async #resume(how: () => void): Promise<void> {
    const rests = this.#rest();
    how();
    await rests;
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => (this.#rests = resolve));
  }
}

import { ExitStatus } from './exit-status.ts';

const WATCHED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns the signals that end a program into a request to end cleanly. A second one changes nothing: a way back that is
 * under way is not cut short.
 */
export class Signals {
  private readonly controller = new AbortController();
  /** Keeps the process alive while a signal is waited for. */
  private alive: NodeJS.Timeout | undefined;
  private received: (typeof WATCHED)[number] | undefined;
  private readonly listener = (signal: NodeJS.Signals): void => {
    this.received ??= WATCHED.find((one) => one === signal);
    this.controller.abort();
  };

  constructor() {
    for (const signal of WATCHED) process.on(signal, this.listener);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Waits for the first signal, and keeps the process alive meanwhile. */
  arrived(): Promise<void> {
    if (this.controller.signal.aborted) return Promise.resolve();
    this.alive ??= setInterval(() => {}, 1 << 30);
    return new Promise((resolve) => {
      this.controller.signal.addEventListener(
        'abort',
        () => {
          clearInterval(this.alive);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** The exit status that the signal stands for, after a clean unwind. */
  status(): number {
    return this.received === 'SIGINT' ? ExitStatus.interrupted : ExitStatus.terminated;
  }

  dispose(): void {
    clearInterval(this.alive);
    for (const signal of WATCHED) process.off(signal, this.listener);
  }
}

/** Time, so that tests have their own. */
export interface Clock {
  now(): Date;
  /** Waits; ends early, without an error, when the signal is given. */
  sleep(milliseconds: number, until?: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds, until) =>
    new Promise((resolve) => {
      if (until?.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        until?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      until?.addEventListener('abort', end);
    }),
};

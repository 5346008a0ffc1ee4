import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './check-blob.ts';

/** Checks files in as many processes as there are processors, and reports each outcome as it comes. */
export async function checkBlobs(files: readonly string[], report: (outcome: Outcome) => void): Promise<void> {
  const queue = [...files];
  const worker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)));
      let current = '';
      const next = (): void => {
        current = queue.shift() ?? '';
        child.send(current);
      };
      child.on('message', (outcome: Outcome) => {
        report(outcome);
        next();
      });
      child.on('error', reject);
      child.on('exit', (status) => {
        if (current === '') resolve();
        else reject(new Error(`the worker ended with ${String(status)} at ${current}`));
      });
      next();
    });
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), files.length) }, worker));
}

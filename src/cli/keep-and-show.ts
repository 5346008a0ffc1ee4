import type { Readable, Writable } from 'node:stream';
import type { ProjectLog } from '../runtime/supervision/project-log.ts';

/**
 * Keeps what a process of `up` in the foreground says in the log of the project, and shows it as it comes where `up` was called:
 * no faster than that can take it. Where nobody looks any more it is only kept.
 */
export function keepAndShow(log: ProjectLog, vm: string, source: Readable, shown: Writable): void {
  log.take(vm, source);
  source.on('data', (chunk: Buffer) => {
    if (!shown.writable || shown.write(chunk)) return;
    source.pause();
    const goOn = (): void => {
      shown.off('drain', goOn).off('close', goOn).off('error', goOn);
      source.resume();
    };
    shown.on('drain', goOn).on('close', goOn).on('error', goOn);
  });
}

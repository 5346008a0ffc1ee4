import { BoundedFile } from './bounded-file.ts';
import type { Clock } from './clock.ts';
import type { Exit } from './process-record.ts';

/** The most that the events of a project take, in two parts of this size. */
export const EVENTS_LIMIT_BYTES = 512 * 1024;

/** Something that happened to a project. What an event says beside its kind is in docs/supervision.md. */
export type ProjectEvent =
  | { readonly kind: 'starting' | 'up' | 'going-back' | 'recovering' | 'down' }
  | { readonly kind: 'failed'; readonly vm?: string; readonly failure: string }
  | { readonly kind: 'process-started'; readonly vm: string; readonly pid: number; readonly restarts: number }
  | ({ readonly kind: 'process-exited'; readonly vm: string; readonly pid: number } & Exit)
  | { readonly kind: 'silenced'; readonly vm: string }
  | { readonly kind: 'restarting'; readonly vm: string; readonly inMilliseconds: number }
  | { readonly kind: 'device-problem'; readonly device: string; readonly address: string; readonly problem: string }
  | { readonly kind: 'device-well'; readonly device: string; readonly address: string }
  | { readonly kind: 'joined'; readonly vm: string; readonly pid: number; readonly uid: number };

export type EmitEvent = (event: ProjectEvent) => void;

/** A file of the events of a project, one JSON document a line. */
export function eventFile(
  path: string,
  project: string,
  clock: Pick<Clock, 'now'>,
  limit = EVENTS_LIMIT_BYTES,
): EmitEvent {
  const file = new BoundedFile(path, limit);
  return (event) => {
    file.append(JSON.stringify({ format_version: 1, time: clock.now().toISOString(), project, ...event }));
  };
}

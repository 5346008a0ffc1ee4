export interface EventfdState {
  /** How often it was signalled. */
  signals: number;
  /** Signals that nobody has taken yet: the counter behind the descriptor. */
  pending: number;
  isClosed: boolean;
  /** Those in the kernel who take a signal at once (`struct virqfd` of drivers/vfio/virqfd.c). */
  readonly takers: Set<() => void>;
}

export const newEventfd = (): EventfdState => ({ signals: 0, pending: 0, isClosed: false, takers: new Set() });

/** Adds one to the counter; whoever waits in the kernel takes it and sets the counter back. */
export function signal(eventfd: EventfdState): void {
  eventfd.signals += 1;
  eventfd.pending = eventfd.takers.size > 0 ? 0 : eventfd.pending + 1;
  for (const take of [...eventfd.takers]) take();
}

/** The first wait before a restart, in milliseconds. */
const FIRST_MS = 100;
/** No wait is longer. */
const LONGEST_MS = 60_000;
/** Who ran as long as this has come up properly: the next wait is the first again. */
const PROPER_MS = 10_000;

/** How long to wait before the next start: twice as long each time, as Docker does for `restart: always`. */
export class BackOff {
  private next = FIRST_MS;

  /** The wait, in milliseconds, after a process that ran for `ranMs`. */
  after(ranMs: number): number {
    if (ranMs >= PROPER_MS) this.next = FIRST_MS;
    const wait = this.next;
    this.next = Math.min(this.next * 2, LONGEST_MS);
    return wait;
  }
}

import { join } from 'node:path';
import { type HostObject, titleOfObject } from './host-objects.ts';
import { LockHeld, takeLock } from './lock.ts';
import { makePrivate } from './state-directory.ts';

/** Another run is changing a thing of the host. */
export class ObjectLocked extends Error {
  override readonly name = 'ObjectLocked';

  constructor(
    readonly object: HostObject,
    /** What the other run says of itself: the command, its project, since when, its pid. */
    readonly holder: string,
  ) {
    super(`${titleOfObject(object)} is being changed by ${holder}`);
  }
}

/**
 * The locks of one process on things of the host, each a file of its own in the state directory: two runs that have no
 * device, group or parameter in common go side by side. Held while a run changes the host; what it holds in between stands
 * in its record.
 */
export class HostLocks {
  /** How often each is taken: the way back of a crashed project may be walked by the run that then takes the same devices. */
  private readonly held = new Map<string, { times: number; readonly release: () => void }>();

  /**
   * @param directory where the lock files are.
   * @param who what others are told of this run, on one line.
   */
  constructor(
    private readonly directory: string,
    private readonly who: string,
  ) {}

  /**
   * Takes all of these, or none. Every run takes them in the same order, so that two never wait for each other in a circle.
   * Returns what releases them. Throws {@link ObjectLocked} once `waitMs` have passed.
   */
  async take(objects: readonly HostObject[], waitMs = 0): Promise<() => void> {
    makePrivate(this.directory);
    const deadline = Date.now() + waitMs;
    const taken: string[] = [];
    const release = (): void => {
      for (const name of taken.splice(0).reverse()) this.drop(name);
    };
    for (const [name, object] of [...new Map(objects.map((one) => [fileNameOf(one), one]))].sort(byName)) {
      try {
        await this.takeOne(name, Math.max(0, deadline - Date.now()));
        taken.push(name);
      } catch (error) {
        release();
        throw error instanceof LockHeld ? new ObjectLocked(object, error.holder) : error;
      }
    }
    return release;
  }

  private async takeOne(name: string, waitMs: number): Promise<void> {
    const already = this.held.get(name);
    if (already) already.times += 1;
    else this.held.set(name, { times: 1, release: await takeLock(join(this.directory, name), this.who, waitMs) });
  }

  private drop(name: string): void {
    const one = this.held.get(name);
    if (!one) return;
    one.times -= 1;
    if (one.times > 0) return;
    this.held.delete(name);
    one.release();
  }
}

const byName = ([one]: [string, HostObject], [other]: [string, HostObject]): number => (one < other ? -1 : 1);

/** A name that no text of a plan can lead out of the directory with. */
const fileNameOf = (object: HostObject): string =>
  encodeURIComponent(titleOfObject(object).replaceAll(' ', '-')).slice(0, 200);

import { DelegatingKernel, type PortCall } from '../../../src/runtime/kernel/delegate.ts';

/** What changes nothing: steps look before they act. */
const LOOKS: ReadonlySet<string> = new Set(['readlink', 'read', 'exists', 'stat', 'sleep']);

/** A kernel that tells of each call, just before and just after it, looks left out. */
export class CalledKernel extends DelegatingKernel {
  onCall: (when: 'before' | 'after') => void = () => undefined;

  protected override now<T>(call: PortCall, run: () => T): T {
    if (LOOKS.has(call.name)) return run();
    this.onCall('before');
    const result = run();
    this.onCall('after');
    return result;
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    if (LOOKS.has(call.name)) return run();
    this.onCall('before');
    const result = await run();
    this.onCall('after');
    return result;
  }
}

import { DelegatingKernel, type PortCall } from '../../src/runtime/kernel/delegate.ts';
import type { Kernel } from '../../src/runtime/kernel/port.ts';
import type { Watch } from '../../src/testing/watch.ts';

/** A kernel of which each call that took effect is looked at. */
export class WatchedKernel extends DelegatingKernel {
  constructor(
    inner: Kernel,
    private readonly watch: Watch,
  ) {
    super(inner);
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    const result = run();
    this.watch.saw(call);
    return result;
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    const result = await run();
    this.watch.saw(call);
    return result;
  }
}

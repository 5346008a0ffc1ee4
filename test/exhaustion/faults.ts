import { invariant } from '../../src/model/index.ts';
import { DelegatingKernel, type PortCall } from '../../src/runtime/kernel/delegate.ts';
import { ERRNO, type ErrnoName } from '../../src/runtime/kernel/errno.ts';
import type { Fault } from '../../src/runtime/kernel/fault.ts';
import type { Kernel } from '../../src/runtime/kernel/port.ts';
import { documentedErrnos } from '../../src/runtime/uapi/index.ts';

/** Calls of the port that answer without an errno: there is nothing that they could fail with. */
const WITHOUT_ERRNO: ReadonlySet<string> = new Set(['exists', 'sleep']);

/**
 * Calls that can have had their effect, or a part of it, although they report a failure: a driver that probed and complained
 * afterwards, a program that ended badly at its end, a reset that was not answered, a close (the descriptor is gone all the
 * same, close(2)).
 */
const MAY_ACT_AND_FAIL: ReadonlySet<string> = new Set([
  'write',
  'spawn',
  'close',
  'pwrite',
  'chown',
  'chmod',
  'VFIO_DEVICE_RESET',
  'VFIO_DEVICE_PCI_HOT_RESET',
  'VFIO_DEVICE_SET_IRQS',
]);

export const mayActAndFail = ({ name }: Pick<PortCall, 'name'>): boolean => MAY_ACT_AND_FAIL.has(name);

/** The errnos that are documented for a call, as far as they are failures. */
export function errnosOf({ name, target }: Pick<PortCall, 'name' | 'target'>): readonly ErrnoName[] {
  if (WITHOUT_ERRNO.has(name)) return [];
  return documentedErrnos({ call: name, target })
    .map((code) => {
      invariant(code in ERRNO, `${code} of ${name} is documented and has no number`);
      return code as ErrnoName;
    })
    .filter((code) => !isAnswer(name, code));
}

/** A link that is not there is what sysfs says of a device without a driver or a group: true, or the kernel lies. */
const isAnswer = (name: string, code: ErrnoName): boolean => name === 'readlink' && code === 'ENOENT';

/** Of the errnos that are documented for a call: all of them, or the first alone. */
export type Thoroughness = 'every errno' | 'one errno';

/** The failures of one call: with its documented errnos, without an effect and, where that can be, after it. */
export function failuresOf(call: PortCall, at: number, thoroughness: Thoroughness = 'every errno'): Fault[] {
  const whens = mayActAndFail(call) ? (['before', 'after'] as const) : (['before'] as const);
  const errnos = thoroughness === 'every errno' ? errnosOf(call) : errnosOf(call).slice(0, 1);
  return errnos.flatMap((how) => whens.map((when): Fault => ({ at, when, how })));
}

/** A kernel that lists the calls that go through it. */
export class ListingKernel extends DelegatingKernel {
  readonly calls: PortCall[] = [];

  /** @param counts whether the next call is one to be listed. */
  constructor(
    inner: Kernel,
    private readonly counts: () => boolean = () => true,
  ) {
    super(inner);
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    if (this.counts()) this.calls.push(call);
    return run();
  }

  protected override later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    if (this.counts()) this.calls.push(call);
    return run();
  }
}

import { type DeviceRef, persistenceOf, type Plan, type Step } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { groupOf } from './sysfs.ts';

/** Devices that could not be silenced, and what must wait for them on the way back (R-ORDER-4). */
export class LoudDevices {
  /** As steps call them. */
  private readonly resources = new Set<string>();
  private readonly groups = new Set<number>();
  /** A device could not leave its VFIO driver; the next way back opens it to silence it again, as `up` did. */
  private isOneStranded = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly plan: Plan,
    unsilenced: ReadonlySet<string>,
  ) {
    for (const resource of unsilenced) this.add(resource);
  }

  /** Takes note of a step of the way back that failed. */
  failed(step: Step): void {
    if ('part' in step ? step.part === 'quiesce' : step.kind === 'reset-device' && this.isAllThereIs(step)) {
      this.add(step.resource);
    }
    if (step.kind === 'unbind-driver' && this.isSilencedAgain(step)) this.isOneStranded = true;
  }

  /**
   * Whether a step has to be left for a later way back: a device that is loud stays where nobody else gets it, and so do the
   * others of its group, whose memory it can reach; and no switch of the kernel is turned that silencing it may need.
   */
  holdsBack(step: Step): boolean {
    if (step.kind === 'set-module-parameter') return this.resources.size > 0 || this.isOneStranded;
    if (this.resources.size === 0 || persistenceOf(step.kind) !== 'durable') return false;
    if (this.resources.has(step.resource)) return true;
    if (!('device' in step)) return false;
    const group = groupOf(this.kernel, step.device);
    return group !== null && this.groups.has(group);
  }

  private add(resource: string): void {
    this.resources.add(resource);
    const device = this.deviceOf(resource);
    const group = device ? groupOf(this.kernel, device) : null;
    if (group !== null) this.groups.add(group);
  }

  private deviceOf(resource: string): DeviceRef | undefined {
    for (const step of this.plan.up) if (step.resource === resource && 'device' in step) return step.device;
    return undefined;
  }

  /** Whether a way back of the plan in another process opens the device. */
  private isSilencedAgain({ resource }: Step): boolean {
    return (this.plan.recover ?? []).some((step) => step.kind === 'open-device' && step.resource === resource);
  }

  /** Whether nothing but this reset silences the device. */
  private isAllThereIs({ resource }: Step): boolean {
    return !this.plan.down.some((step) => step.resource === resource && 'part' in step && step.part === 'quiesce');
  }
}

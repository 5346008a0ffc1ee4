import { IRQ_FLAG } from '../../uapi/device-get-irq-info.ts';
import { IRQ_ACTION_MASK, IRQ_DATA_MASK, IRQ_SET_FLAG } from '../../uapi/device-set-irqs.ts';
import type { ErrnoName } from '../errno.ts';
import { signal, type EventfdState } from './eventfds.ts';
import type { IrqRequest } from './interrupts.ts';
import { refuse } from './refusal.ts';

/** An eventfd whose signals mask or unmask an interrupt, and how to let go of it. */
interface Link {
  readonly eventfd: EventfdState;
  readonly take: () => void;
}

interface Line {
  readonly isLevel: boolean;
  /** What request_irq answered when the device was opened: kept, and told to whoever sets up this interrupt. */
  readonly failure: ErrnoName | undefined;
  trigger: EventfdState | null;
  masked: boolean;
  /** The device interrupted while nobody could be told: delivered when somebody can. */
  waiting: boolean;
  mask: Link | null;
  unmask: Link | null;
}

/** The interrupts of an open platform device, one to an index (drivers/vfio/platform/vfio_platform_irq.c). */
export class PlatformInterrupts {
  readonly #lines: Line[];

  constructor(levels: readonly boolean[], failures: ReadonlyMap<number, ErrnoName> = new Map()) {
    this.#lines = levels.map((isLevel, index) => ({
      isLevel,
      failure: failures.get(index),
      trigger: null,
      masked: false,
      waiting: false,
      mask: null,
      unmask: null,
    }));
  }

  get count(): number {
    return this.#lines.length;
  }

  /** How many eventfds are connected, to be told or to mask and unmask. */
  get connected(): number {
    return this.#lines.reduce(
      (sum, { trigger, mask, unmask }) => sum + [trigger, live(mask), live(unmask)].filter(Boolean).length,
      0,
    );
  }

  /** A level interrupt is masked by the kernel when it is delivered, an edge one never is. */
  flags(index: number): number {
    return IRQ_FLAG.eventfd | (this.#lines[index]?.isLevel ? IRQ_FLAG.maskable | IRQ_FLAG.automasked : 0);
  }

  isMasked(index: number): boolean {
    return this.#lines[index]?.masked ?? false;
  }

  /** The device is closed: nothing stays connected, and the next one to open it finds nothing masked. */
  clear(): void {
    for (const line of this.#lines) {
      Object.assign(line, { mask: unlink(line.mask), unmask: unlink(line.unmask) });
      Object.assign(line, { trigger: null, masked: false, waiting: false });
    }
  }

  /** The device interrupts. */
  raise(index: number): void {
    const line = this.#lines[index];
    if (!line) return;
    if (line.trigger === null || line.masked) line.waiting = true;
    else deliver(line);
  }

  /** VFIO_DEVICE_SET_IRQS with a header that was checked, for an index that is there. */
  set(request: IrqRequest): number {
    const line = this.#lines[request.index];
    if (!line) return refuse('EINVAL');
    if (line.failure) refuse(line.failure);
    switch (request.flags & IRQ_ACTION_MASK) {
      case IRQ_SET_FLAG.mask:
        return setMask(line, request, 'mask');
      case IRQ_SET_FLAG.unmask:
        return setMask(line, request, 'unmask');
      case IRQ_SET_FLAG.trigger:
        return setTrigger(line, request);
      default:
        return refuse('ENOTTY');
    }
  }
}

/** `vfio_automasked_irq_handler` and `vfio_irq_handler`. */
function deliver(line: Line): void {
  if (line.isLevel) {
    if (line.masked) return;
    line.masked = true;
  }
  if (line.trigger) signal(line.trigger);
}

function changeMask(line: Line, action: 'mask' | 'unmask'): void {
  line.masked = action === 'mask';
  catchUp(line);
}

function catchUp(line: Line): void {
  if (!line.waiting || line.masked || !line.trigger) return;
  line.waiting = false;
  deliver(line);
}

/** `vfio_platform_set_irq_mask` and `_unmask`: only level interrupts have a mask. */
function setMask(line: Line, request: IrqRequest, action: 'mask' | 'unmask'): number {
  if (request.start !== 0 || request.count !== 1 || !line.isLevel) refuse('EINVAL');
  const data = request.flags & IRQ_DATA_MASK;
  if (data === IRQ_SET_FLAG.dataEventfd) {
    const eventfd = request.eventfd(0);
    if (!eventfd) line[action] = unlink(line[action]);
    else if (live(line[action])) refuse('EBUSY');
    else line[action] = link(eventfd, () => changeMask(line, action));
  } else if (data === IRQ_SET_FLAG.dataNone || request.bool(0)) changeMask(line, action);
  return 0;
}

/** `vfio_platform_set_irq_trigger`: connects, disconnects, or acts as if the device had interrupted. */
function setTrigger(line: Line, request: IrqRequest): number {
  const data = request.flags & IRQ_DATA_MASK;
  if (request.count === 0 && data === IRQ_SET_FLAG.dataNone) {
    line.trigger = null;
    return 0;
  }
  if (request.start !== 0 || request.count !== 1) refuse('EINVAL');
  if (data === IRQ_SET_FLAG.dataEventfd) {
    // The old one is let go before the new one is looked at.
    line.trigger = null;
    line.trigger = request.eventfd(0);
    catchUp(line);
  } else if (data === IRQ_SET_FLAG.dataNone || request.bool(0)) deliver(line);
  return 0;
}

/** `vfio_virqfd_enable`: a signal that is there already counts. */
function link(eventfd: EventfdState, take: () => void): Link {
  eventfd.takers.add(take);
  if (eventfd.pending > 0) take();
  return { eventfd, take };
}

function unlink(held: Link | null): null {
  held?.eventfd.takers.delete(held.take);
  return null;
}

/** An eventfd that is closed lets go by itself (EPOLLHUP in `virqfd_wakeup`). */
const live = (held: Link | null): boolean => held !== null && !held.eventfd.isClosed;

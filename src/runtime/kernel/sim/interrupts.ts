import { PCI_IRQ } from '../../uapi/device-get-irq-info.ts';
import { IRQ_ACTION_MASK, IRQ_DATA_MASK, IRQ_SET_FLAG } from '../../uapi/device-set-irqs.ts';
import type { IrqCounts } from './config-space.ts';
import { signal, type EventfdState } from './eventfds.ts';
import { refuse } from './refusal.ts';

/** What VFIO_DEVICE_SET_IRQS asks for, its header checked. */
export interface IrqRequest {
  readonly flags: number;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  /** For eventfd data; null disconnects. Fails where a descriptor is none. */
  eventfd(i: number): EventfdState | null;
  /** For boolean data. */
  bool(i: number): boolean;
}

export interface InterruptLimits extends IrqCounts {
  readonly pcie: boolean;
  readonly vectorsAvailable: number;
  /** MSI-X can grow one vector at a time. */
  readonly growingMsix: boolean;
}

/** The interrupts of an open device (drivers/vfio/pci/vfio_pci_intrs.c). One of INTx, MSI and MSI-X at a time. */
export class Interrupts {
  #active: number | null = null;
  /** Vectors allocated for MSI or MSI-X. */
  #allocated = 0;
  readonly #vectors = new Map<number, EventfdState>();
  readonly #single = new Map<number, EventfdState>();

  constructor(readonly limits: InterruptLimits) {}

  /** The index that is in use: INTx, MSI or MSI-X. */
  get active(): number | null {
    return this.#active;
  }

  /** How many eventfds are connected. */
  get connected(): number {
    return this.#vectors.size + this.#single.size;
  }

  count(index: number): number {
    const { intx, msi, msix, pcie } = this.limits;
    return [intx, msi, msix, pcie ? 1 : 0, 1][index] ?? 0;
  }

  clear(): void {
    this.#active = null;
    this.#allocated = 0;
    this.#vectors.clear();
    this.#single.clear();
  }

  /** Returns what the ioctl does: 0, or a positive number of vectors where fewer are available. */
  set(request: IrqRequest): number {
    const action = request.flags & IRQ_ACTION_MASK;
    const trigger = action === IRQ_SET_FLAG.trigger;
    switch (request.index) {
      case PCI_IRQ.intx:
        if (trigger) return this.#setIntx(request);
        if (action === IRQ_SET_FLAG.mask || action === IRQ_SET_FLAG.unmask) return this.#maskIntx(request, action);
        return refuse('ENOTTY');
      case PCI_IRQ.msi:
      case PCI_IRQ.msix:
        return trigger ? this.#setMsi(request) : refuse('ENOTTY');
      case PCI_IRQ.err:
        return trigger && this.limits.pcie ? this.#setSingle(request) : refuse('ENOTTY');
      default:
        return trigger ? this.#setSingle(request) : refuse('ENOTTY');
    }
  }

  #setIntx(request: IrqRequest): number {
    const data = request.flags & IRQ_DATA_MASK;
    const on = this.#active === PCI_IRQ.intx;
    if (on && request.count === 0 && data === IRQ_SET_FLAG.dataNone) return this.#takeDown();
    if (!(on || this.#active === null) || request.start !== 0 || request.count !== 1) refuse('EINVAL');
    if (data === IRQ_SET_FLAG.dataEventfd) {
      const eventfd = request.eventfd(0);
      this.#active = PCI_IRQ.intx;
      this.#connect(0, eventfd);
      return 0;
    }
    if (!on) refuse('EINVAL');
    return this.#inject(request);
  }

  #maskIntx(request: IrqRequest, action: number): number {
    if (this.#active !== PCI_IRQ.intx || request.start !== 0 || request.count !== 1) refuse('EINVAL');
    if ((request.flags & IRQ_DATA_MASK) !== IRQ_SET_FLAG.dataEventfd) return 0;
    if (action === IRQ_SET_FLAG.mask) refuse('ENOTTY');
    request.eventfd(0);
    return 0;
  }

  #setMsi(request: IrqRequest): number {
    const { index, start, count } = request;
    const data = request.flags & IRQ_DATA_MASK;
    const on = this.#active === index;
    if (on && count === 0 && data === IRQ_SET_FLAG.dataNone) return this.#takeDown();
    if (!(on || this.#active === null)) refuse('EINVAL');
    if (data !== IRQ_SET_FLAG.dataEventfd) {
      // Kernels whose vectors are one block look for them in it; later ones skip those that are not there.
      if (!on || (start + count > this.#allocated && !this.limits.growingMsix)) refuse('EINVAL');
      return this.#inject(request);
    }
    if (on) {
      this.#connectAll(request);
      return 0;
    }
    // The allocation of vectors is asked for at least one and at most none.
    if (start + count === 0) refuse('ERANGE');
    if (start + count > this.limits.vectorsAvailable) return this.limits.vectorsAvailable;
    this.#active = index;
    this.#allocated = start + count;
    try {
      this.#connectAll(request);
    } catch (error) {
      this.#takeDown();
      throw error;
    }
    return 0;
  }

  /** All or none: the kernel disconnects what it had connected of the block when one descriptor is bad. */
  #connectAll(request: IrqRequest): void {
    const { start, count } = request;
    if (!this.#covers(request)) refuse('EINVAL');
    for (let i = 0; i < count; i += 1) {
      try {
        this.#connect(start + i, request.eventfd(i));
      } catch (error) {
        for (let j = 0; j < i; j += 1) this.#vectors.delete(start + j);
        this.#vectors.delete(start + i);
        throw error;
      }
    }
    this.#allocated = Math.max(this.#allocated, start + count);
  }

  /** Whether the vectors are there, or can be added. Kernels with one block of them insist on a start inside it too. */
  #covers({ index, start, count }: IrqRequest): boolean {
    const fits = start + count <= this.#allocated;
    if (!this.limits.growingMsix) return fits && start < this.#allocated;
    return fits || count === 0 || index === PCI_IRQ.msix;
  }

  #connect(vector: number, eventfd: EventfdState | null): void {
    if (eventfd) this.#vectors.set(vector, eventfd);
    else this.#vectors.delete(vector);
  }

  #takeDown(): number {
    this.#active = null;
    this.#allocated = 0;
    this.#vectors.clear();
    return 0;
  }

  /** The loop-back test: signals the eventfds as if the device had interrupted. */
  #inject(request: IrqRequest): number {
    const bool = (request.flags & IRQ_DATA_MASK) === IRQ_SET_FLAG.dataBool;
    for (let i = 0; i < request.count; i += 1) {
      const eventfd = this.#vectors.get(request.start + i);
      if (eventfd && (!bool || request.bool(i))) signal(eventfd);
    }
    return 0;
  }

  /** The error and the device request interrupt (`vfio_pci_set_ctx_trigger_single`). */
  #setSingle(request: IrqRequest): number {
    const { index, start, count } = request;
    if (start !== 0 || count > 1) refuse('EINVAL');
    const data = request.flags & IRQ_DATA_MASK;
    const current = this.#single.get(index);
    if (data === IRQ_SET_FLAG.dataNone) {
      // Taking down what is not there is an error here, unlike for the others.
      if (!current) refuse('EINVAL');
      if (count === 0) this.#single.delete(index);
      else signal(current);
      return 0;
    }
    if (count === 0) refuse('EINVAL');
    if (data === IRQ_SET_FLAG.dataBool) {
      if (current && request.bool(0)) signal(current);
      return 0;
    }
    const eventfd = request.eventfd(0);
    if (eventfd) this.#single.set(index, eventfd);
    else this.#single.delete(index);
    return 0;
  }
}

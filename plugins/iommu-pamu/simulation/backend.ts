import type { HostIndex, SimulatedAnswer, SimulatedIommu, SimulatedProcess } from 'vfio-compose/plugin';
import { type Backend, entryOf, identify } from '../backend.ts';
import { ACCESS, ATTRIBUTE, NUMBER, SIZE } from '../ioctls.ts';
import { LIODN_END, sourceOf } from '../liodn.ts';
import { SMALLEST } from '../windows/hardware.ts';
import { bankWindows, lastOfLayout, windowSize } from '../windows/layout.ts';
import { Argument } from './argument.ts';
import { SimulatedDomain } from './domain.ts';
import { MemoryMap } from './memory-map.ts';

/** An errno by name, or null for success. */
type Errno = string | null;

/** Sizes of the arguments of the two calls that every backend has. */
const MAP_SIZE = 32;
const UNMAP_SIZE = 24;

/**
 * VFIO's backend for a PAMU in a simulated kernel, in the dialect that the host's entry names. What it keeps of the real
 * one, and what it leaves out, is in README.md.
 */
export class SimulatedPamu implements SimulatedIommu {
  readonly domain: SimulatedDomain;
  readonly #memory: MemoryMap;
  readonly #groups = new Set<number>();
  /** Banks that are mapped, by address: what the explicit dialect looks for when it takes one away. */
  readonly #banks = new Map<bigint, number>();
  readonly #backend: Backend;

  constructor(
    private readonly host: HostIndex,
    private readonly process: SimulatedProcess,
    backend: Backend,
  ) {
    this.#backend = backend;
    this.domain = new SimulatedDomain(backend.maxWindows, () => this.#liodns().length);
    this.#memory = new MemoryMap(this.domain, process, backend.dialect === 'on-demand');
  }

  attach(group: number): Errno {
    const own = this.#liodnsOf(group);
    if (own.length === 0 || own.some((id) => id >= LIODN_END)) return 'EINVAL';
    this.#groups.add(group);
    const refused = this.domain.attach(this.#liodns().length);
    if (refused !== null) this.#groups.delete(group);
    return refused;
  }

  detach(group: number): void {
    this.#groups.delete(group);
  }

  release(): void {
    this.#memory.clear();
    this.#banks.clear();
    this.domain.reset();
  }

  checkExtension(extension: number): number {
    return extension === entryOf(this.host)?.extension ? 1 : 0;
  }

  ioctl(number: number, argument: DataView | number | null): SimulatedAnswer | undefined {
    const view = new Argument(argument instanceof DataView ? argument : EMPTY, this.process.littleEndian);
    const explicit = this.#backend.dialect === 'explicit';
    switch (number) {
      case NUMBER.mapDma:
        return answerOf(refused(view, MAP_SIZE) ?? this.#map(view));
      case NUMBER.unmapDma:
        return answerOf(refused(view, UNMAP_SIZE) ?? this.#unmap(view));
      case NUMBER.getMsiBankCount:
        return this.#backend.msiBanks;
      case NUMBER.getAttribute:
        return this.#dropped(refused(view, SIZE.attribute), () => this.#getAttribute(view));
      case NUMBER.setAttribute:
        return this.#dropped(refused(view, SIZE.attribute), () => this.#setAttribute(view));
      case NUMBER.mapMsiBank:
        return explicit ? this.#dropped(refused(view, SIZE.mapMsiBank), () => this.#mapBank(view)) : undefined;
      case NUMBER.unmapMsiBank:
        return explicit ? this.#dropped(refused(view, SIZE.unmapMsiBank), () => this.#unmapBank(view)) : undefined;
      default:
        return undefined;
    }
  }

  /** The vendors' driver looks at the argument, and throws away what comes after. */
  #dropped(refusal: Errno, run: () => Errno): SimulatedAnswer {
    if (refusal !== null) return { errno: refusal };
    const errno = run();
    return answerOf(this.#backend.dialect === 'explicit' ? null : errno);
  }

  #getAttribute(view: Argument): Errno {
    const { layout } = this.domain;
    switch (view.u32(8)) {
      case ATTRIBUTE.geometry:
        view.setU64(16, layout.first);
        view.setU64(24, lastOfLayout(layout));
        return null;
      case ATTRIBUTE.windows:
        view.setU32(16, layout.windows);
        return null;
      default:
        return 'EINVAL';
    }
  }

  #setAttribute(view: Argument): Errno {
    switch (view.u32(8)) {
      case ATTRIBUTE.geometry:
        return this.domain.setGeometry(view.u64(16), view.u64(24));
      case ATTRIBUTE.windows:
        return this.domain.setWindows(view.u32(16));
      default:
        return 'EINVAL';
    }
  }

  /** With every mapping the aperture is (again) made active; on demand, the banks are mapped before that. */
  #map(view: Argument): Errno {
    const flags = view.u32(4);
    if ((flags & ~(ACCESS.read | ACCESS.write)) !== 0) return 'EINVAL';
    const first = this.#memory.isEmpty;
    const request = { access: flags, vaddr: view.u64(8), iova: view.u64(16), size: view.u64(24) };
    const errno = this.#memory.map(request);
    if (errno !== null) return errno;
    if (first && this.#backend.dialect === 'on-demand') this.#mapBanks();
    this.domain.enable(true);
    return null;
  }

  /** With the last mapping the aperture is closed; what the kernel mapped of banks goes with it. */
  #unmap(view: Argument): Errno {
    if (view.u32(4) !== 0) return 'EINVAL';
    this.#memory.unmap(view.u64(8), view.u64(16));
    if (!this.#memory.isEmpty) return null;
    if (this.#backend.dialect === 'on-demand')
      for (const window of this.#takeBanks()) this.domain.disableWindow(window);
    this.domain.enable(false);
    return null;
  }

  /** From the top down, as far as windows are free: a process that left no room gets no MSIs. */
  #mapBanks(): void {
    const { layout } = this.domain;
    for (const { bank, window, iova } of bankWindows(layout, Math.min(this.#backend.msiBanks, layout.windows))) {
      if (this.domain.enableWindow(window, bankContent(bank)) !== null) return;
      this.#banks.set(iova, window);
    }
  }

  #takeBanks(): number[] {
    const windows = [...this.#banks.values()];
    this.#banks.clear();
    return windows;
  }

  #mapBank(view: Argument): Errno {
    const access = view.u32(4) & (ACCESS.read | ACCESS.write);
    const bank = view.u32(8);
    const iova = view.u64(16);
    if (access === 0 || bank >= this.#backend.msiBanks) return 'EINVAL';
    const { layout } = this.domain;
    if (iova < layout.first) return 'EINVAL';
    const window = Number((iova - layout.first) / windowSize(layout));
    const errno = this.domain.enableWindow(window, bankContent(bank));
    if (errno === null) this.#banks.set(iova, window);
    return errno;
  }

  #unmapBank(view: Argument): Errno {
    const iova = view.u64(8);
    const window = this.#banks.get(iova);
    if (window === undefined) return 'EINVAL';
    this.domain.disableWindow(window);
    this.#banks.delete(iova);
    return null;
  }

  #liodns(): readonly number[] {
    return [...this.#groups].flatMap((group) => this.#liodnsOf(group));
  }

  #liodnsOf(group: number): readonly number[] {
    const members = this.host.members.get(group) ?? [];
    return [...new Set(members.flatMap((device) => sourceOf(device, this.host)?.liodn?.ids ?? []))];
  }
}

/** A bank's registers are mirrored in a page of their own (Documentation/devicetree/bindings/powerpc/fsl/pamu.txt). */
const bankContent = (bank: number) => ({ what: `bank ${bank}`, size: SMALLEST }) as const;

const EMPTY = new DataView(new ArrayBuffer(0));

const answerOf = (errno: Errno): SimulatedAnswer => (errno === null ? 0 : { errno });

/** What the kernel looks at first: that the argument is there, and says that it is as long as the struct. */
const refused = (view: Argument, size: number): Errno =>
  !view.has(size) ? 'EFAULT' : view.u32(0) < size ? 'EINVAL' : null;

/** A kernel of which nobody can say how it is spoken to: it takes no group. */
const CLOSED: SimulatedIommu = {
  attach: () => 'ENODEV',
  detach: () => undefined,
  release: () => undefined,
  checkExtension: () => 0,
  ioctl: () => undefined,
};

/** The backend of a host, as far as it was identified. */
export function simulate(host: HostIndex, process: SimulatedProcess): SimulatedIommu {
  const identified = identify(host);
  return 'backend' in identified ? new SimulatedPamu(host, process, identified.backend) : CLOSED;
}

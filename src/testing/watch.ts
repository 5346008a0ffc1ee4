import { isVfioDriver } from '../model/index.ts';
import type { PortCall } from '../runtime/kernel/delegate.ts';
import type { SimulatedKernel } from '../runtime/kernel/sim/index.ts';
import type { Noise } from './noise.ts';

const BINDING = /^\/sys\/bus\/[^/]+\/drivers\/([^/]+)\/bind$/;

/**
 * Looks at the devices of a simulated host with each call that took effect: none may be loud when memory is mapped for it, and
 * none that user space opened may be loud when the host gets it back (R-ORDER-2, R-ORDER-4).
 */
export class Watch {
  readonly #violations: string[] = [];
  /** Devices that were opened since the host last had them: their registers are user space's. */
  readonly #opened = new Set<string>();
  readonly #noises = new Map<string, Noise>();

  constructor(private readonly kernel: SimulatedKernel) {}

  /** What must not have happened, a line each. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** Tells it how to hear the devices of a plan. */
  know(noise: Noise): void {
    for (const device of noise.devices) this.#noises.set(device, noise);
  }

  /** The devices that user space has opened, and that the host has not got back, are used: loud from then on. */
  use(concerned: (device: string) => boolean = everyDevice): void {
    for (const [device, noise] of this.#noises) {
      if (concerned(device) && this.#opened.has(device) && this.kernel.deviceState(device)) noise.make(device);
    }
  }

  /**
   * A call took effect.
   *
   * @param own the devices that the caller may map memory for.
   */
  saw(call: PortCall, own: (device: string) => boolean = everyDevice): void {
    if (call.name === 'VFIO_IOMMU_MAP_DMA') {
      this.#check('is loud while memory is mapped for it', (device) => own(device) && this.#isOpen(device));
    }
    if (call.name === 'VFIO_GROUP_GET_DEVICE_FD') {
      for (const device of this.#noises.keys()) if (this.#isOpen(device)) this.#opened.add(device);
    }
    const bound = boundToHost(call);
    if (!bound) return;
    this.#check(`is loud on ${bound.driver}`, (device) => device === bound.device && this.#opened.has(device));
    this.#opened.delete(bound.device);
  }

  /** The host has a device by other hands than ours: what it does there is not ours to answer for. */
  forget(device: string): void {
    this.#opened.delete(device);
  }

  /** The devices that somebody has open. */
  open(): ReadonlySet<string> {
    return new Set([...this.#noises.keys()].filter((device) => this.#isOpen(device)));
  }

  #isOpen(device: string): boolean {
    return (this.kernel.deviceState(device)?.openCount ?? 0) > 0;
  }

  #check(what: string, concerned: (device: string) => boolean): void {
    for (const [device, noise] of this.#noises) {
      if (concerned(device) && noise.isLoud(device)) this.#violations.push(`${device} ${what}`);
    }
  }
}

const everyDevice = (): boolean => true;

/** The device that a call has given to a driver of the host. */
function boundToHost({
  name,
  target,
  args,
}: PortCall): { readonly device: string; readonly driver: string } | undefined {
  const driver = name === 'write' ? BINDING.exec(target)?.[1] : undefined;
  return driver === undefined || isVfioDriver(driver) ? undefined : { device: String(args[1]), driver };
}

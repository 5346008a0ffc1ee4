import { isVfioDriver } from '../../src/model/index.ts';
import { DelegatingKernel, type PortCall } from '../../src/runtime/kernel/delegate.ts';
import type { SimulatedKernel } from '../../src/runtime/kernel/sim/index.ts';
import type { Noise } from '../../src/testing/noise.ts';

const BINDING = /^\/sys\/bus\/[^/]+\/drivers\/([^/]+)\/bind$/;

/**
 * A kernel that looks at the devices with each call that took effect: none may be loud when memory is mapped for it, and none
 * that was opened may be loud when the host gets it back (R-ORDER-2, R-ORDER-4).
 */
export class WatchedKernel extends DelegatingKernel {
  readonly #violations: string[] = [];
  /** Devices that were opened since the host last had them: their registers are ours to answer for. */
  readonly #opened = new Set<string>();

  constructor(
    protected override readonly inner: SimulatedKernel,
    private readonly noise: Noise,
  ) {
    super(inner);
  }

  /** What must not have happened, a line each. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** The devices that were opened are used, and are loud from then on: those that the host has not got back. */
  use(): void {
    for (const device of this.noise.devices) {
      if (this.#opened.has(device) && this.inner.deviceState(device)) this.noise.make(device);
    }
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    const result = run();
    this.#saw(call);
    return result;
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    const result = await run();
    this.#saw(call);
    return result;
  }

  #saw({ name, target, args }: PortCall): void {
    if (name === 'VFIO_IOMMU_MAP_DMA')
      this.#check('is loud while memory is mapped for it', (device) => this.#isOpen(device));
    if (name === 'VFIO_GROUP_GET_DEVICE_FD') {
      for (const device of this.noise.devices) if (this.#isOpen(device)) this.#opened.add(device);
    }
    const driver = name === 'write' ? BINDING.exec(target)?.[1] : undefined;
    if (driver === undefined || isVfioDriver(driver)) return;
    const returned = String(args[1]);
    this.#check(`is loud on ${driver}`, (device) => device === returned && this.#opened.has(device));
    this.#opened.delete(returned);
  }

  #isOpen = (device: string): boolean => (this.inner.deviceState(device)?.openCount ?? 0) > 0;

  #check(what: string, concerns: (device: string) => boolean): void {
    for (const device of this.noise.devices) {
      if (concerns(device) && this.noise.isLoud(device)) this.#violations.push(`${device} ${what}`);
    }
  }
}

import type { HostDevice, HostInventory, KernelModule } from '../../../model/inventory.ts';
import { isVfioDriver } from '../../../model/inventory.ts';
import { refuse } from './refusal.ts';

/** Parameters that a module has once it is loaded, with their defaults (drivers/vfio). */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vfio_iommu_type1: { allow_unsafe_interrupts: 'N', disable_hugepages: 'N', dma_entry_limit: '65535' },
  vfio_platform: { reset_required: 'Y' },
  vfio_pci: { disable_denylist: 'N', disable_idle_d3: 'N', enable_sriov: 'N', nointxmask: 'N' },
};

const READ_ONLY: ReadonlySet<string> = new Set([
  'vfio_pci/disable_denylist',
  'vfio_pci/disable_vga',
  'vfio_platform/reset_required',
]);

/** VFIO modules that bring no driver for the PCI bus. */
const NO_PCI_DRIVER: ReadonlySet<string> = new Set(['vfio', 'vfio_pci_core', 'vfio_iommu_type1', 'vfio_virqfd']);

/** Modules of VFIO for platform devices: the two drivers, what they share, and reset handlers (drivers/vfio/platform). */
const PLATFORM = /^vfio_(platform(_|$)|amba$)/;

/** The driver that each of them brings, and on which bus. */
const PLATFORM_DRIVERS: Readonly<Record<string, string>> = { platform: 'vfio-platform', amba: 'vfio-amba' };

/** What modprobe loads with a module: what it depends on, and VFIO's soft dependency on its IOMMU backend. */
function alongWith(module: string): readonly string[] {
  if (module === 'vfio') return ['vfio_iommu_type1'];
  if (PLATFORM.test(module)) return ['vfio', 'vfio_iommu_type1', 'vfio_virqfd', 'vfio_platform_base'];
  if (NO_PCI_DRIVER.has(module)) return ['vfio', 'vfio_iommu_type1'];
  return isVfioDriver(module) ? ['vfio', 'vfio_iommu_type1', 'vfio_virqfd', 'vfio_pci_core'] : [];
}

const underscored = (name: string) => name.replaceAll('-', '_');

/** The kernel's modules: which are loaded, and their parameters. */
export class Modules {
  readonly #modules = new Map<string, { state: KernelModule['state']; readonly parameters: Map<string, string> }>();
  #containerNode: boolean;

  constructor(private readonly inventory: HostInventory) {
    for (const [name, { state, parameters }] of Object.entries(inventory.modules)) {
      this.#modules.set(name, { state, parameters: new Map(Object.entries(parameters)) });
    }
    this.#containerNode = inventory.vfio.container;
  }

  /** Whether /dev/vfio/vfio is there. */
  get containerNode(): boolean {
    return this.#containerNode;
  }

  isPresent(name: string): boolean {
    const state = this.#modules.get(underscored(name))?.state;
    return state === 'loaded' || state === 'builtin';
  }

  /** Whether a module that is loaded registers this driver on a bus. On PCI the two may differ in `-` and `_`. */
  bringsDriver(bus: HostDevice['bus'], driver: string): boolean {
    const module = underscored(driver);
    if (bus !== 'pci') return PLATFORM_DRIVERS[bus] === driver && this.isPresent(module);
    if (PLATFORM.test(module)) return false;
    return (isVfioDriver(module) || module === 'pci_stub') && !NO_PCI_DRIVER.has(module) && this.isPresent(module);
  }

  /** Loads a module and what goes with it. Returns whether the kernel has it. */
  load(name: string): boolean {
    const module = underscored(name);
    if (!this.#modules.has(module)) return false;
    for (const one of [...alongWith(module), module]) this.#load(one);
    if (this.isPresent('vfio')) this.#containerNode = true;
    return true;
  }

  /** What opening /dev/vfio/vfio does: the kernel asks modprobe for the module behind the node. */
  openContainerNode(): void {
    if (!this.#containerNode) refuse('ENOENT');
    if (this.#modules.has('vfio')) this.load('vfio');
  }

  parameter(module: string, name: string): string | undefined {
    const found = this.#modules.get(module);
    return found && this.isPresent(module) ? found.parameters.get(name) : undefined;
  }

  setParameter(module: string, name: string, text: string): void {
    const current = this.parameter(module, name);
    if (current === undefined) refuse('ENOENT');
    if (READ_ONLY.has(`${module}/${name}`)) refuse('EACCES');
    this.#modules.get(module)?.parameters.set(name, parse(current, text.trim()));
  }

  toInventory(): HostInventory['modules'] {
    const entries = Object.keys(this.inventory.modules).map((name) => {
      const module = this.#modules.get(name);
      const state = module?.state ?? 'available';
      return [name, { state, parameters: Object.fromEntries(module?.parameters ?? []) }] as const;
    });
    return Object.fromEntries(entries);
  }

  #load(name: string): void {
    const module = this.#modules.get(name);
    if (module?.state !== 'available') return;
    module.state = 'loaded';
    for (const [parameter, value] of Object.entries(DEFAULTS[name] ?? {})) {
      if (!module.parameters.has(parameter)) module.parameters.set(parameter, value);
    }
  }
}

/** A new value for a parameter of the kind that its present value shows (kernel/params.c). */
function parse(current: string, text: string): string {
  if (current === 'Y' || current === 'N') {
    if (/^([yYtT1]|on|On|oN|ON)/.test(text) || text === '') return 'Y';
    if (/^([nNfF0]|of|oF|Of|OF)/.test(text)) return 'N';
    return refuse('EINVAL');
  }
  if (/^\d+$/.test(current)) {
    if (!/^(0x[0-9a-fA-F]+|\d+)$/.test(text)) return refuse('EINVAL');
    const value = BigInt(text);
    return value > 0xffff_ffffn ? refuse('ERANGE') : value.toString();
  }
  return text;
}

import { msiIsolation } from '../../devicetree/msi.ts';
import type { HostIndex, ResolvedDevice, ResolvedManifest, ResolvedVm } from '../../model/index.ts';
import type { Asked } from '../plugins/asked.ts';
import type { StepList } from './steps.ts';

interface Switch {
  readonly module: string;
  readonly parameter: string;
}

const UNSAFE_INTERRUPTS: Switch = { module: 'vfio_iommu_type1', parameter: 'allow_unsafe_interrupts' };

/** Sets allow_unsafe_interrupts where a VM accepts it and its devices need it. */
export function lowerUnsafeInterrupts(
  manifest: ResolvedManifest,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  for (const vm of manifest.vms) {
    if (!vm.iommu.unsafeInterrupts || !vm.iommu.isolates) continue;
    const open = vm.devices.find((device) => device.use === 'assign' && !isIsolated(device, host));
    if (open) {
      const what =
        open.bus === 'pci'
          ? 'a host without interrupt remapping'
          : `that nothing isolates the interrupts of ${open.device.address}`;
      return turnOn(UNSAFE_INTERRUPTS, vm, `UNSAFE: ${vm.name} accepts ${what}`, host, steps, after);
    }
  }
  return [];
}

/**
 * Whether the kernel lets a device into a container as it is: PCI functions are isolated by the host's interrupt remapping
 * (where the host does not show it, they are taken to be), platform devices by the MSI controller of their own node
 * (msi_device_has_isolated_msi in kernel/irq/msi.c).
 */
function isIsolated(device: ResolvedDevice, host: HostIndex): boolean {
  if (device.bus === 'pci') return host.inventory.iommu.interruptRemapping !== false;
  const node = device.device.treePath === null ? undefined : host.tree?.byPath.get(device.device.treePath);
  return host.tree && node ? msiIsolation(host.tree, node).kind === 'yes' : false;
}

/**
 * Turns on what the IOMMU plugins of a manifest need, each parameter once, before any device is bound. Being the first of
 * the way here, it is the last of the way back, when nothing is bound any more.
 */
export function lowerParameters(
  manifest: ResolvedManifest,
  asked: Asked,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const done = new Set<string>();
  return manifest.vms.flatMap((vm) =>
    (asked.domains.get(vm)?.parameters ?? []).flatMap((wanted) => {
      const name = `${wanted.module}.${wanted.parameter}`;
      if (done.has(name)) return [];
      done.add(name);
      return turnOn(wanted, vm, wanted.cause, host, steps, after);
    }),
  );
}

/** Sets a parameter that is N to Y, and puts it back. */
function turnOn(
  { module, parameter }: Switch,
  vm: ResolvedVm,
  cause: string,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const before = host.inventory.modules[module]?.parameters[parameter] ?? 'N';
  if (before === 'Y') return [];
  const resource = `module ${module}`;
  const subject = `${module}.${parameter}`;
  const which = { module, parameter };
  const reason = { resource, cause, at: vm.iommu.at, after };
  const set = steps.add('set-module-parameter', subject, reason, { ...which, value: 'Y' });
  steps.undo('set-module-parameter', set, subject, { resource, cause: 'as it was' }, { ...which, value: before });
  return [set];
}

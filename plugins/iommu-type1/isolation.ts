import { type HostIndex, msiIsolation, nodeOf, type ResolvedDevice, type ResolvedVm } from 'vfio-compose/plugin';

/** Whether the devices of a VM can raise no interrupts but their own; where not, the first that can, and why. */
export type Isolation =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no' | 'unknown'; readonly entry: ResolvedDevice; readonly reason: string };

/**
 * What msi_device_has_isolated_msi in kernel/irq/msi.c will say of all devices of a VM: VFIO type1 asks for each group.
 * For PCI functions the inventory says it for the whole host; for platform devices the tree says it for each.
 */
export function isolationOf(vm: ResolvedVm, host: HostIndex): Isolation {
  const verdicts = verdictsOf(vm, host);
  return (
    verdicts.find(({ kind }) => kind === 'no') ?? verdicts.find(({ kind }) => kind === 'unknown') ?? { kind: 'yes' }
  );
}

/**
 * The first device for which `allow_unsafe_interrupts` has to be on; undefined where none needs it. A PCI function of a host
 * that does not show its interrupt remapping is taken to be isolated; a platform device of which nothing is known, not.
 */
export const needsUnsafeInterrupts = (vm: ResolvedVm, host: HostIndex): ResolvedDevice | undefined =>
  verdictsOf(vm, host).flatMap((verdict) => {
    if (verdict.kind === 'yes' || (verdict.kind === 'unknown' && verdict.entry.bus === 'pci')) return [];
    return [verdict.entry];
  })[0];

const verdictsOf = (vm: ResolvedVm, host: HostIndex): Isolation[] =>
  vm.devices.filter(({ use }) => use === 'assign').map((entry) => verdictOn(entry, host));

function verdictOn(entry: ResolvedDevice, host: HostIndex): Isolation {
  const { iommu } = host.inventory;
  if (entry.bus === 'pci') {
    if (iommu.units.length === 0 || iommu.interruptRemapping === true) return { kind: 'yes' };
    return iommu.interruptRemapping === null
      ? { kind: 'unknown', entry, reason: 'the host does not show it' }
      : { kind: 'no', entry, reason: 'the host has no interrupt remapping' };
  }
  // Without a group it cannot be taken at all, which is a finding of its own.
  if (entry.device.group === null) return { kind: 'yes' };
  const node = nodeOf(entry.device, host);
  if (!host.tree || !node) return { kind: 'unknown', entry, reason: 'no device tree says where its MSIs go' };
  const verdict = msiIsolation(host.tree, node);
  return verdict.kind === 'yes' ? verdict : { kind: verdict.kind, entry, reason: verdict.reason };
}

import type { HostIndex, ResolvedPlatformDevice, ResolvedVm } from '../model/index.ts';
import { spanAt } from './manifest.ts';
import { resolvedIommu } from './resolved-iommu.ts';

/** An entry for a platform device as a manifest that says nothing about it resolves; places are those of {@link spanAt}. */
export function resolvedPlatform(
  host: HostIndex,
  address: string,
  more: Partial<ResolvedPlatformDevice> = {},
): ResolvedPlatformDevice {
  const device = host.byAddress.get(address);
  if (!device || device.bus === 'pci') throw new Error(`the host of the test has no platform device ${address}`);
  const at = spanAt(['vms', 'vm', 'devices', address]);
  return {
    bus: device.bus,
    device,
    name: address,
    vm: 'vm',
    origin: { kind: 'named' },
    use: 'assign',
    driver: device.bus === 'amba' ? 'vfio-amba' : 'vfio-platform',
    reset: 'none',
    resetBy: null,
    groupPolicy: 'strict',
    inUse: 'refuse',
    at,
    selectorAt: at,
    irqs: [],
    regions: [],
    ranges: { mode: 'translate', at },
    interruptMap: { mode: 'translate', at },
    children: { included: [], excluded: [], at },
    guest: { base: null, interrupt: null, at: spanAt(['vms', 'vm', 'devices', address, 'guest']) },
    ...more,
  };
}

/** A VM with these devices and every default. */
export function resolvedVm(name: string, devices: ResolvedVm['devices']): ResolvedVm {
  const at = spanAt(['vms', name]);
  return {
    name,
    at,
    iommu: resolvedIommu('type1v2', { at }),
    handoff: { mode: 'hold', at },
    memory: [],
    msi: { banks: 0, at },
    devices,
    run: null,
  };
}

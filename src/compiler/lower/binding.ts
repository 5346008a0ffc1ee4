import {
  type DeviceRef,
  type HostIndex,
  isVfioDriver,
  type PciDevice,
  type ResolvedDevice,
  type ResolvedManifest,
} from '../../model/index.ts';
import type { StepList } from './steps.ts';

const refOf = (device: PciDevice): DeviceRef => ({ bus: 'pci', address: device.address });
const resourceOf = (device: PciDevice): string => `device ${device.address}`;

/** How the kernel names a module: the file may have hyphens, /sys/module never has. */
export const moduleKey = (name: string): string => name.replaceAll('-', '_');

const originText = (device: ResolvedDevice): string => {
  switch (device.origin.kind) {
    case 'named':
    case 'one-of-all':
      return `${device.name} of ${device.vm}`;
    case 'below-bridge':
      return `${device.name} of ${device.vm}, below bridge ${device.origin.bridge.address}`;
    case 'group-sibling':
      return `shares IOMMU group ${device.device.group} with ${device.origin.of.address} of ${device.vm}`;
  }
};

/** Steps that load what the plan needs and the kernel has not loaded. They have no way back: see docs/adr/0002. */
export function lowerModules(manifest: ResolvedManifest, host: HostIndex, steps: StepList): string[] {
  const needed = new Map<string, string>([['vfio_iommu_type1', 'translates the DMA of every VM here']]);
  for (const vm of manifest.vms) {
    for (const device of vm.devices) {
      if (device.use === 'assign' && !needed.has(device.driver)) {
        needed.set(device.driver, `driver of ${device.name} of ${vm.name}`);
      }
    }
  }
  const loaded: string[] = [];
  for (const [module, why] of needed) {
    if (host.inventory.modules[moduleKey(module)]?.state !== 'available') continue;
    loaded.push(steps.add('load-module', module, { resource: `module ${module}`, cause: why }, { module }));
  }
  return loaded;
}

const UNSAFE = { module: 'vfio_iommu_type1', parameter: 'allow_unsafe_interrupts' } as const;

/** Sets allow_unsafe_interrupts where a VM accepts it and the host needs it. */
export function lowerUnsafeInterrupts(
  manifest: ResolvedManifest,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const vm = manifest.vms.find((candidate) => candidate.iommu.unsafeInterrupts);
  if (!vm || host.inventory.iommu.interruptRemapping !== false) return [];
  const before = host.inventory.modules[UNSAFE.module]?.parameters[UNSAFE.parameter] ?? 'N';
  if (before === 'Y') return [];
  const resource = `module ${UNSAFE.module}`;
  const subject = `${UNSAFE.module}.${UNSAFE.parameter}`;
  const set = steps.add(
    'set-module-parameter',
    subject,
    { resource, cause: `UNSAFE: ${vm.name} accepts a host without interrupt remapping`, at: vm.iommu.at, after },
    { ...UNSAFE, value: 'Y' },
  );
  steps.undo('set-module-parameter', set, subject, { resource, cause: 'as it was' }, { ...UNSAFE, value: before });
  return [set];
}

/**
 * Steps that take a device from its host driver (R-BIND-1, R-BIND-2): the override first, so that no other driver can
 * win the device, then unbind, then bind, which reports the real errno. Returns the step after which the device is VFIO's.
 */
export function lowerBinding(device: ResolvedDevice, steps: StepList, after: readonly string[]): string[] {
  const { device: pci } = device;
  const ref = refOf(pci);
  const resource = resourceOf(pci);
  const reason = { resource, at: device.at };
  const cause = originText(device);
  const address = pci.address;
  if (device.use === 'assign' && pci.driver === device.driver) return [...after];

  let last = [...after];
  if (device.use === 'assign') {
    const override = steps.add(
      'set-driver-override',
      address,
      { ...reason, cause, after: last },
      { device: ref, driver: device.driver },
    );
    // The binding to the host's driver comes last on the way back, so it is the first that is added.
    if (pci.driver !== null) {
      const unbindId = `unbind-driver:${address}`;
      steps.undo(
        'bind-driver',
        unbindId,
        address,
        { resource, cause: `it was on ${pci.driver}`, after: [`back:set-driver-override:${address}`] },
        { device: ref, driver: pci.driver },
      );
    }
    steps.undo(
      'set-driver-override',
      override,
      address,
      { resource, cause: 'as it was' },
      { device: ref, driver: pci.driverOverride },
    );
    last = [override];
  }
  if (pci.driver !== null) {
    const unbind = steps.add(
      'unbind-driver',
      address,
      { ...reason, cause, after: last },
      { device: ref, driver: pci.driver },
    );
    if (device.use === 'detach') {
      steps.undo(
        'bind-driver',
        unbind,
        address,
        { resource, cause: `it was on ${pci.driver}` },
        { device: ref, driver: pci.driver },
      );
    }
    last = [unbind];
  }
  if (device.use === 'assign') {
    const bind = steps.add(
      'bind-driver',
      address,
      { ...reason, cause, after: last },
      { device: ref, driver: device.driver },
    );
    steps.undo(
      'unbind-driver',
      bind,
      address,
      { resource, cause: `goes back to ${hostOwner(pci)}` },
      { device: ref, driver: device.driver },
    );
    last = [bind];
  }
  return last;
}

const hostOwner = (device: PciDevice): string =>
  device.driver === null
    ? 'having no driver'
    : isVfioDriver(device.driver)
      ? `its driver ${device.driver}`
      : 'the host';

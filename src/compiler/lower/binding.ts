import {
  type DeviceRef,
  type HostDevice,
  type HostIndex,
  invariant,
  isVfioDriver,
  modulesOf,
  type ResolvedDevice,
  type ResolvedManifest,
} from '../../model/index.ts';
import type { StepList } from './steps.ts';

/** A device as a step names it. What VFIO has no way of opening by group was refused by the rules. */
export function refOf(device: HostDevice): DeviceRef {
  if (device.bus === 'pci') return { bus: 'pci', address: device.address };
  invariant(device.bus === 'platform' || device.bus === 'amba', `a ${device.bus} device passed the rules`);
  return { bus: device.bus, address: device.address };
}

const resourceOf = (device: HostDevice): string => `device ${device.address}`;

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
    case 'child':
      return `${device.name} of ${device.vm}, a child of ${device.origin.of.address}`;
  }
};

/** Steps that load what the plan needs and the kernel has not loaded. They have no way back: see docs/adr/0002. */
export function lowerModules(manifest: ResolvedManifest, host: HostIndex, steps: StepList): string[] {
  const loaded: string[] = [];
  for (const [module, why] of neededModules(manifest)) {
    if (host.inventory.modules[moduleKey(module)]?.state !== 'available') continue;
    loaded.push(steps.add('load-module', module, { resource: `module ${module}`, cause: why }, { module }));
  }
  return loaded;
}

/** The modules that a plan needs, each with why. Reset handlers are not among them: the kernel loads those itself. */
function neededModules(manifest: ResolvedManifest): Map<string, string> {
  const needed = new Map<string, string>();
  for (const vm of manifest.vms) {
    for (const { module, why } of modulesOf(vm)) if (!needed.has(module)) needed.set(module, why);
  }
  for (const vm of manifest.vms) {
    for (const device of vm.devices) {
      if (device.use === 'assign' && !needed.has(device.driver)) {
        needed.set(device.driver, `driver of ${device.name} of ${vm.name}`);
      }
    }
  }
  return needed;
}

/**
 * The order in which the devices of a VM are taken. A member that only loses its driver goes first: with it, the group
 * would not be viable. Children go before the device that they belong to, so that on the way back, which is the reverse,
 * their drivers find it again.
 */
export const inBindingOrder = (devices: readonly ResolvedDevice[]): ResolvedDevice[] =>
  [...devices].sort((a, b) => Number(a.use === 'assign') - Number(b.use === 'assign') || depthOf(b) - depthOf(a));

/** How deep in the device tree a child is; 0 for what is nobody's child. */
const depthOf = ({ origin, device }: ResolvedDevice): number =>
  origin.kind === 'child' && device.bus !== 'pci' ? (device.treePath ?? '').split('/').length : 0;

/**
 * Steps that take a device from its host driver. Returns the steps after which it is VFIO's, or, where it is only taken
 * away from the host, after which its group can be viable.
 */
export function lowerBinding(device: ResolvedDevice, steps: StepList, after: readonly string[]): string[] {
  if (device.use === 'detach') {
    const unbound = addUnbind(device, steps, keepWayBack(device, steps, after));
    addReturn(device.device, steps, []);
    return unbound;
  }
  if (device.device.driver === device.driver) return [...after];
  return lowerRebind(device, steps, keepWayBack(device, steps, after));
}

/**
 * Where somebody has written the override of another driver and never bound the device anew, its own driver would not get it
 * back: the kernel binds a device with an override to that driver only (driver_match_device in drivers/base/base.h; ENODEV).
 * So the override is its own driver's while the device is away, and the other one's again when it is back.
 */
function keepWayBack(device: ResolvedDevice, steps: StepList, after: readonly string[]): readonly string[] {
  const { address, driver, driverOverride } = device.device;
  if (driver === null || driverOverride === null || driverOverride === driver) return after;
  const ref = refOf(device.device);
  const reason = {
    ...reasonOf(device),
    cause: `the override is ${driverOverride}, which would keep ${driver} from it`,
  };
  const subject = `${address}/way-back`;
  const kept = steps.add('set-driver-override', subject, { ...reason, after }, { device: ref, driver });
  const { resource } = reason;
  const before = { device: ref, driver: driverOverride };
  steps.undo('set-driver-override', kept, subject, { resource, cause: 'as it was' }, before);
  return [kept];
}

/**
 * R-BIND-1, R-BIND-2: the override first, so that no other driver can win the device, then unbind, then bind, which
 * reports the real errno. The way back runs in the reverse of its adding: unbind, the old override, the old driver.
 */
function lowerRebind(device: ResolvedDevice, steps: StepList, after: readonly string[]): string[] {
  const { device: host, driver } = device;
  const { address } = host;
  const ref = refOf(host);
  const reason = reasonOf(device);
  const { resource } = reason;
  const override = steps.add('set-driver-override', address, { ...reason, after }, { device: ref, driver });
  const unbound = addUnbind(device, steps, [override]);
  const bind = steps.add('bind-driver', address, { ...reason, after: unbound }, { device: ref, driver });

  addReturn(host, steps, [`back:${override}`]);
  const before = { device: ref, driver: overrideOnReturn(host) };
  steps.undo('set-driver-override', override, address, { resource, cause: 'as it was' }, before);
  const leave = { resource, cause: `goes back to ${hostOwner(host)}` };
  steps.undo('unbind-driver', bind, address, leave, { device: ref, driver });
  return [bind];
}

/** The override under which a device goes back to its driver: none, or the driver's own ({@link keepWayBack}). */
const overrideOnReturn = ({ driver, driverOverride }: HostDevice): string | null =>
  driver === null || driverOverride === null ? driverOverride : driver;

const reasonOf = (device: ResolvedDevice) => ({
  resource: resourceOf(device.device),
  at: device.at,
  cause: originText(device),
});

/** Takes the host driver away. A device without one has nothing to lose. */
function addUnbind(device: ResolvedDevice, steps: StepList, after: readonly string[]): string[] {
  const { device: host } = device;
  if (host.driver === null) return [...after];
  const details = { device: refOf(host), driver: host.driver };
  return [steps.add('unbind-driver', host.address, { ...reasonOf(device), after }, details)];
}

/** Gives a device back to the driver that {@link addUnbind} took it from. */
function addReturn(host: HostDevice, steps: StepList, after: readonly string[]): void {
  if (host.driver === null) return;
  const reason = { resource: resourceOf(host), cause: `it was on ${host.driver}`, after };
  const details = { device: refOf(host), driver: host.driver };
  steps.undo('bind-driver', `unbind-driver:${host.address}`, host.address, reason, details);
}

const hostOwner = (device: HostDevice): string =>
  device.driver === null
    ? 'having no driver'
    : isVfioDriver(device.driver)
      ? `its driver ${device.driver}`
      : 'the host';

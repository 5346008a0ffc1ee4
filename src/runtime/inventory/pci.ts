import { parseBdf } from '../../model/index.ts';
import type { Bdf, PciDevice } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { numberOrNull, overrideOf } from './attributes.ts';
import { readDeviceSerial } from './device-serial.ts';
import { parseResources } from './resources.ts';
import { sysfsPathOf } from './sysfs-path.ts';
import { parseUevent } from './uevent.ts';

/**
 * All PCI functions, without what hangs on them. Configuration space is left alone (unless serial numbers are asked for): reading it wakes devices
 * that sleep, and costs a VM exit for every four bytes in a guest; sysfs has the same facts from the kernel's memory.
 */
export function readPciDevices(files: HostFiles, identifiers: boolean): PciDevice[] {
  const devices: PciDevice[] = [];
  const slots = readSlots(files);
  const indices = new Map<Bdf, number>();
  for (const name of files.names(HostPath.pciDevices)) {
    const address = parseBdf(name);
    const device = address && readPciDevice(files, address, slots, identifiers, indices);
    if (device) devices.push(device);
  }
  for (const device of devices) device.virtualFunctionIndex = indices.get(device.address) ?? null;
  return devices;
}

function readPciDevice(
  files: HostFiles,
  address: Bdf,
  slots: ReadonlyMap<string, string>,
  identifiers: boolean,
  virtualFunctions: Map<Bdf, number>,
): PciDevice | undefined {
  const directory = `${HostPath.pciDevices}/${address}`;
  const target = files.link(directory);
  const entries = files.names(directory);
  const uevent = parseUevent(files.attribute(`${directory}/uevent`) ?? '');
  // Gone between the listing and now, or not a device at all.
  if (target === null || uevent === undefined) return undefined;
  const read = (name: string) => (entries.includes(name) ? files.attribute(`${directory}/${name}`) : null);
  const linked = (name: string) => (entries.includes(name) ? files.linkName(`${directory}/${name}`) : null);
  for (const entry of entries) {
    if (!entry.startsWith('virtfn')) continue;
    const virtual = parseBdf(files.linkName(`${directory}/${entry}`) ?? '');
    if (virtual) virtualFunctions.set(virtual, Number(entry.slice('virtfn'.length)));
  }
  const serial = identifiers ? readDeviceSerial(files, directory, entries) : null;
  return {
    bus: 'pci',
    address,
    sysfsPath: sysfsPathOf(target),
    vendor: uevent.vendor,
    device: uevent.device,
    subsystem: uevent.subsystem,
    class: uevent.class,
    revision: (read('revision') ?? '0x00').slice(2).toLowerCase(),
    header: headerOf(uevent.class, entries),
    driver: uevent.driver,
    driverOverride: overrideOf(read('driver_override')),
    group: numberOrNull(linked('iommu_group')),
    numaNode: numberOrNull(read('numa_node')),
    resetMethods: resetMethodsOf(read('reset_method'), entries),
    slot: slots.get(address.slice(0, address.lastIndexOf('.'))) ?? null,
    bootDisplay: read('boot_vga') === '1',
    sriov: sriovOf(read),
    physicalFunction: parseBdf(linked('physfn') ?? '') ?? null,
    virtualFunctionIndex: null,
    resources: parseResources(read('resource') ?? ''),
    netdevs: [],
    blocks: [],
    ...(serial === null ? {} : { serial }),
  };
}

/**
 * The layout of the configuration header. Only bridges have `secondary_bus_number` (drivers/pci/pci-sysfs.c); a kernel
 * older than that attribute leaves the class, which for a PCI-to-PCI bridge says the same.
 */
function headerOf(code: string, entries: readonly string[]): PciDevice['header'] {
  if (code.startsWith('0607')) return 'cardbus';
  const isBridge = entries.includes('secondary_bus_number') || code.startsWith('0604') || code.startsWith('0609');
  return isBridge ? 'bridge' : 'endpoint';
}

/**
 * Methods in the kernel's order. Kernels before 5.15 have `reset` without `reset_method`: a reset is possible, how is
 * not told, and the list has the one word `unknown`.
 */
function resetMethodsOf(text: string | null, entries: readonly string[]): string[] {
  if (text !== null) return text.split(/\s+/).filter((word) => word !== '');
  return entries.includes('reset') && !entries.includes('reset_method') ? ['unknown'] : [];
}

/** Where VFs will be, and whether host drivers take them, kernels before 4.12 and 4.15 do not tell. */
function sriovOf(read: (name: string) => string | null): PciDevice['sriov'] {
  const total = numberOrNull(read('sriov_totalvfs'));
  if (total === null) return null;
  const offset = numberOrNull(read('sriov_offset'));
  const stride = numberOrNull(read('sriov_stride'));
  const autoprobe = read('sriov_drivers_autoprobe');
  return {
    total,
    enabled: numberOrNull(read('sriov_numvfs')) ?? 0,
    ...(offset === null ? {} : { offset }),
    ...(stride === null ? {} : { stride }),
    ...(autoprobe === null ? {} : { autoprobe: autoprobe !== '0' }),
  };
}

/** Names of physical slots by the address that they cover, without function (`0000:01:00`). */
function readSlots(files: HostFiles): Map<string, string> {
  const slots = new Map<string, string>();
  for (const name of files.names(HostPath.pciSlots)) {
    const address = files.attribute(`${HostPath.pciSlots}/${name}/address`);
    if (address !== null && address !== '') slots.set(address, name);
  }
  return slots;
}

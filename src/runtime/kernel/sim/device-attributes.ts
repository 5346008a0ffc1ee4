import type { SimDevice, SimPciDevice } from './state.ts';

const flag = (value: boolean): string => (value ? '1' : '0');

/** A function's sysfs attributes as text without the newline; undefined where the device does not have the attribute. */
const PCI: Readonly<Record<string, (device: SimPciDevice) => string | undefined>> = {
  vendor: ({ info }) => `0x${info.vendor}`,
  device: ({ info }) => `0x${info.device}`,
  subsystem_vendor: ({ info }) => `0x${info.subsystem?.vendor ?? '0000'}`,
  subsystem_device: ({ info }) => `0x${info.subsystem?.device ?? '0000'}`,
  class: ({ info }) => `0x${info.class}`,
  revision: ({ info }) => `0x${info.revision}`,
  numa_node: ({ info }) => String(info.numaNode ?? -1),
  reset_method: ({ info }) => (info.resetMethods.length > 0 ? info.resetMethods.join(' ') : undefined),
  boot_vga: ({ info }) => (info.class.startsWith('0300') ? flag(info.bootDisplay) : undefined),
  sriov_totalvfs: ({ info }) => (info.sriov ? String(info.sriov.total) : undefined),
  sriov_numvfs: ({ sriov }) => (sriov ? String(sriov.enabled) : undefined),
  sriov_drivers_autoprobe: ({ sriov }) => (sriov ? flag(sriov.autoprobe) : undefined),
  sriov_offset: ({ info }) => info.sriov?.offset?.toString(),
  sriov_stride: ({ info }) => info.sriov?.stride?.toString(),
};

/** What devices of every bus have that can be bound by name. */
function commonAttribute({ info, override }: SimDevice, name: string): string | undefined {
  if (name === 'driver_override') return override ?? '(null)';
  return name === 'numa_node' && info.numaNode !== null ? String(info.numaNode) : undefined;
}

/** The text of an attribute as sysfs gives it; undefined where there is none of that name. */
export function readAttribute(device: SimDevice, name: string): string | undefined {
  const own = device.kind === 'pci' && Object.hasOwn(PCI, name) ? PCI[name]?.(device) : undefined;
  const text = own ?? commonAttribute(device, name);
  return text === undefined ? undefined : `${text}\n`;
}

/** A link's target, relative as in sysfs where only its last part matters; undefined where there is no such link. */
export function readDeviceLink(device: SimDevice, name: string): string | undefined {
  const up = '../'.repeat(device.info.sysfsPath.split('/').length - 2);
  const { bus } = device.info;
  if (name === 'subsystem') return `${up}bus/${bus}`;
  if (name === 'driver') return device.driver === null ? undefined : `${up}bus/${bus}/drivers/${device.driver}`;
  if (name === 'iommu_group') return device.group ? `${up}kernel/iommu_groups/${device.group.info.id}` : undefined;
  if (device.kind === 'platform') {
    const { treePath } = device.info;
    return name === 'of_node' && treePath !== null ? `${up}firmware/devicetree/base${treePath}` : undefined;
  }
  if (name === 'physfn') {
    return device.info.physicalFunction === null ? undefined : `../${device.info.physicalFunction}`;
  }
  return undefined;
}

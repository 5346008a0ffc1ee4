import { isVfioDriver } from '../../../model/inventory.ts';
import { busOf, ownResetMethods } from '../../../model/reset.ts';
import type { Abi } from '../../uapi/abi.ts';
import { DEPENDENT_DEVICE, HOT_RESET_INFO } from '../../uapi/device-get-pci-hot-reset-info.ts';
import { HOT_RESET } from '../../uapi/device-pci-hot-reset.ts';
import type { FileTable } from './file-table.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { PciVfioDevice, SimPciDevice, VfioGroup } from './state.ts';
import { viewOf } from '../../uapi/struct.ts';

/** Whether the kernel can reset a function by itself (`vfio_pci_core_enable` tries it, and keeps the answer). */
export const canReset = (host: SimHost, { info }: SimPciDevice): boolean => {
  const beside = host.onBus.get(busOf(info)) ?? [];
  return (
    ownResetMethods(
      info,
      beside.map((other) => other.info),
    ).length > 0
  );
};

/**
 * The functions that a reset of the device's bus would hit: all below the same bridge. ENODEV on a root bus, which
 * nothing can reset.
 */
function affected(host: SimHost, device: SimPciDevice): readonly SimPciDevice[] {
  const bridge = busOf(device.info);
  if (!host.bySysfsPath.has(bridge)) return refuse('ENODEV');
  return [...host.devices.values()].filter(
    (other): other is SimPciDevice => other.kind === 'pci' && other.info.sysfsPath.startsWith(`${bridge}/`),
  );
}

/** VFIO_DEVICE_GET_PCI_HOT_RESET_INFO. */
export function getHotResetInfo(host: SimHost, abi: Abi, device: PciVfioDevice, argument: Buffer): number {
  const { argsz } = HOT_RESET_INFO.read(abi, argument);
  if (argsz < HOT_RESET_INFO.size) refuse('EINVAL');
  const hit = affected(host, device.device);
  const needed = HOT_RESET_INFO.size + hit.length * DEPENDENT_DEVICE.size;
  HOT_RESET_INFO.write(abi, argument, { flags: 0, count: hit.length });
  if (argsz < needed) refuse('ENOSPC');
  if (argument.length < needed) refuse('EFAULT');
  hit.forEach(({ info }, i) => {
    if (info.group === null) refuse('EPERM');
    const [segment = '0', bus = '0', rest = '0.0'] = info.address.split(':');
    const [slot = '0', fn = '0'] = rest.split('.');
    const number = (digits: string) => Number.parseInt(digits, 16);
    const entry = { groupId: info.group ?? 0, segment: number(segment) & 0xffff, bus: number(bus) };
    const devfn = (number(slot) << 3) | number(fn);
    DEPENDENT_DEVICE.write(abi, argument, { ...entry, devfn }, HOT_RESET_INFO.size + i * DEPENDENT_DEVICE.size);
  });
  return 0;
}

function givenGroups(files: FileTable, abi: Abi, argument: Buffer, count: number): Set<VfioGroup> {
  if (argument.length < HOT_RESET.size + count * 4) refuse('EFAULT');
  const view = viewOf(argument);
  const groups = new Set<VfioGroup>();
  for (let i = 0; i < count; i += 1) {
    const file = files.find(view.getInt32(HOT_RESET.size + i * 4, abi.littleEndian));
    if (!file) return refuse('EBADF');
    if (file.kind !== 'group') return refuse('EINVAL');
    groups.add(file.group);
  }
  return groups;
}

/**
 * VFIO_DEVICE_PCI_HOT_RESET in group mode: every function that is hit must be on VFIO, in a group that was given. A bridge
 * among them is in the way, pcieport or not (vfio_pci_dev_set_resettable in drivers/vfio/pci/vfio_pci_core.c).
 */
export function hotReset(host: SimHost, files: FileTable, abi: Abi, device: PciVfioDevice, argument: Buffer): number {
  const { argsz, flags, count } = HOT_RESET.read(abi, argument);
  if (argsz < HOT_RESET.size || flags !== 0) refuse('EINVAL');
  const hit = affected(host, device.device);
  if (count === 0 || count > hit.length) refuse('EINVAL');
  const groups = givenGroups(files, abi, argument, count);
  for (const { driver, vfio } of hit) {
    if (driver === null || !isVfioDriver(driver) || !vfio || !groups.has(vfio.group)) refuse('EINVAL');
  }
  const { hotResetFails } = device.device.model;
  if (hotResetFails) refuse(hotResetFails);
  for (const { vfio, model } of hit) {
    vfio?.bars.clear();
    model.registers?.reset();
  }
  return 0;
}

import { abiOf } from '../../uapi/abi.ts';
import { DEVICE_GET_INFO } from '../../uapi/device-get-info.ts';
import { DEVICE_GET_IRQ_INFO, IRQ_INFO, PCI_IRQ_COUNT } from '../../uapi/device-get-irq-info.ts';
import { DEVICE_GET_PCI_HOT_RESET_INFO, HOT_RESET_INFO } from '../../uapi/device-get-pci-hot-reset-info.ts';
import { DEVICE_GET_REGION_INFO, REGION_INFO } from '../../uapi/device-get-region-info.ts';
import { DEVICE_PCI_HOT_RESET, HOT_RESET } from '../../uapi/device-pci-hot-reset.ts';
import { DEVICE_RESET } from '../../uapi/device-reset.ts';
import { DEVICE_SET_IRQS, IRQ_SET } from '../../uapi/device-set-irqs.ts';
import { structArgument } from './argument.ts';
import { getDeviceInfo, getIrqInfo, getRegionInfo } from './device-info.ts';
import type { FileTable } from './file-table.ts';
import type { SimHost } from './host.ts';
import { canReset, getHotResetInfo, hotReset } from './hot-reset.ts';
import { INFO_MINIMUM } from './info-struct.ts';
import { refuse } from './refusal.ts';
import { irqRequest } from './set-irqs.ts';
import type { PciVfioDevice } from './state.ts';

export type PciIoctl = (device: PciVfioDevice, number: number, argument: Buffer | number | null) => number;
type Handler = (device: PciVfioDevice, argument: Buffer | number | null) => number;

/** The ioctls of a PCI device's descriptor (drivers/vfio/pci/vfio_pci_core.c). */
export function pciIoctl(host: SimHost, files: FileTable): PciIoctl {
  const { architecture } = host.inventory.kernel;
  const abi = abiOf(architecture);
  const number = (ioctl: typeof DEVICE_RESET) => ioctl.request(architecture).number;
  const handlers = new Map<number, Handler>([
    [number(DEVICE_GET_INFO), (device, arg) => getDeviceInfo(host, abi, device, structArgument(arg, INFO_MINIMUM))],
    [
      number(DEVICE_GET_REGION_INFO),
      (device, arg) => getRegionInfo(abi, device, host.pageSize, structArgument(arg, REGION_INFO.size)),
    ],
    [number(DEVICE_GET_IRQ_INFO), (device, arg) => getIrqInfo(abi, device, structArgument(arg, IRQ_INFO.size))],
    [
      number(DEVICE_SET_IRQS),
      ({ interrupts }, arg) => {
        const argument = structArgument(arg, IRQ_SET.size);
        return interrupts.set(irqRequest(files, abi, argument, PCI_IRQ_COUNT, (index) => interrupts.count(index)));
      },
    ],
    [number(DEVICE_RESET), (device) => reset(host, device)],
    [
      number(DEVICE_GET_PCI_HOT_RESET_INFO),
      (device, arg) => getHotResetInfo(host, abi, device, structArgument(arg, HOT_RESET_INFO.size)),
    ],
    [
      number(DEVICE_PCI_HOT_RESET),
      (device, arg) => hotReset(host, files, abi, device, structArgument(arg, HOT_RESET.size)),
    ],
  ]);
  return (device, request, argument) => (handlers.get(request) ?? (() => refuse('ENOTTY')))(device, argument);
}

/** A function reset keeps the configuration: the kernel saves and restores it. */
function reset(host: SimHost, device: PciVfioDevice): number {
  if (!canReset(host, device.device)) refuse('EINVAL');
  device.bars.clear();
  device.device.model.registers?.reset();
  return 0;
}

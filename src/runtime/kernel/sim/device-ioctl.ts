import { abiOf, type Abi } from '../../uapi/abi.ts';
import { DEVICE_GET_INFO } from '../../uapi/device-get-info.ts';
import { DEVICE_GET_IRQ_INFO, IRQ_INFO, PCI_IRQ_COUNT } from '../../uapi/device-get-irq-info.ts';
import { DEVICE_GET_PCI_HOT_RESET_INFO, HOT_RESET_INFO } from '../../uapi/device-get-pci-hot-reset-info.ts';
import { DEVICE_GET_REGION_INFO, REGION_INFO } from '../../uapi/device-get-region-info.ts';
import { DEVICE_PCI_HOT_RESET, HOT_RESET } from '../../uapi/device-pci-hot-reset.ts';
import { DEVICE_RESET } from '../../uapi/device-reset.ts';
import { DEVICE_SET_IRQS, IRQ_ACTION_MASK, IRQ_DATA_MASK, IRQ_SET, IRQ_SET_FLAG } from '../../uapi/device-set-irqs.ts';
import { viewOf } from '../../uapi/struct.ts';
import { structArgument } from './argument.ts';
import { DEVICE_INFO_MINIMUM, getDeviceInfo, getIrqInfo, getRegionInfo } from './device-info.ts';
import type { FileTable } from './file-table.ts';
import type { SimHost } from './host.ts';
import { canReset, getHotResetInfo, hotReset } from './hot-reset.ts';
import { refuse } from './refusal.ts';
import type { EventfdState } from './interrupts.ts';
import type { VfioDevice } from './state.ts';

export type DeviceIoctl = (device: VfioDevice, number: number, argument: Buffer | number | null) => number;
type Handler = (device: VfioDevice, argument: Buffer | number | null) => number;

/** The ioctls of a PCI device's descriptor (drivers/vfio/pci/vfio_pci_core.c). */
export function deviceIoctl(host: SimHost, files: FileTable): DeviceIoctl {
  const { architecture } = host.inventory.kernel;
  const abi = abiOf(architecture);
  const number = (ioctl: typeof DEVICE_RESET) => ioctl.request(architecture).number;
  const handlers = new Map<number, Handler>([
    [
      number(DEVICE_GET_INFO),
      (device, arg) => getDeviceInfo(host, abi, device, structArgument(arg, DEVICE_INFO_MINIMUM)),
    ],
    [
      number(DEVICE_GET_REGION_INFO),
      (device, arg) => getRegionInfo(abi, device, host.pageSize, structArgument(arg, REGION_INFO.size)),
    ],
    [number(DEVICE_GET_IRQ_INFO), (device, arg) => getIrqInfo(abi, device, structArgument(arg, IRQ_INFO.size))],
    [number(DEVICE_SET_IRQS), (device, arg) => setIrqs(files, abi, device, structArgument(arg, IRQ_SET.size))],
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
function reset(host: SimHost, device: VfioDevice): number {
  if (!canReset(host, device.device)) refuse('EINVAL');
  device.bars.clear();
  device.device.model.registers?.reset();
  return 0;
}

/** Bytes for each interrupt that the kind of data takes; EINVAL for none or several kinds. */
function dataWidth(flags: number): number {
  const data = flags & IRQ_DATA_MASK;
  if (data === IRQ_SET_FLAG.dataNone) return 0;
  if (data === IRQ_SET_FLAG.dataBool) return 1;
  return data === IRQ_SET_FLAG.dataEventfd ? 4 : refuse('EINVAL');
}

function eventfdOf(files: FileTable, fd: number): EventfdState | null {
  if (fd < 0) return null;
  const file = files.find(fd);
  if (!file) return refuse('EBADF');
  return file.kind === 'eventfd' ? file.eventfd : refuse('EINVAL');
}

/** The tests of `vfio_set_irqs_validate_and_prepare`, in its order, then the interrupt's own. */
function setIrqs(files: FileTable, abi: Abi, device: VfioDevice, argument: Buffer): number {
  const { argsz, flags, index, start, count } = IRQ_SET.read(abi, argument);
  if (argsz < IRQ_SET.size || index >= PCI_IRQ_COUNT || count >= 0xffff_ffff - start) refuse('EINVAL');
  // `&` is signed in JavaScript: compare what is left of the known bits with 0 only.
  if ((flags & ~(IRQ_DATA_MASK | IRQ_ACTION_MASK)) !== 0) refuse('EINVAL');
  const limit = device.interrupts.count(index);
  if (start >= limit || start + count > limit) refuse('EINVAL');
  const width = dataWidth(flags);
  if (width > 0 && argsz - IRQ_SET.size < count * width) refuse('EINVAL');
  if (argument.length < IRQ_SET.size + count * width) refuse('EFAULT');
  const view = viewOf(argument);
  return device.interrupts.set({
    flags,
    index,
    start,
    count,
    eventfd: (i) => eventfdOf(files, view.getInt32(IRQ_SET.size + i * 4, abi.littleEndian)),
    bool: (i) => view.getUint8(IRQ_SET.size + i) !== 0,
  });
}

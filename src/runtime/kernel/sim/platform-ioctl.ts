import { abiOf, type Abi } from '../../uapi/abi.ts';
import {
  DEVICE_GET_DEVTREE_INFO,
  DEVTREE_FLAG,
  DEVTREE_INFO,
  DEVTREE_TYPE,
} from '../../uapi/device-get-devtree-info.ts';
import { DEVICE_FLAG, DEVICE_GET_INFO, DEVICE_INFO } from '../../uapi/device-get-info.ts';
import { DEVICE_GET_IRQ_INFO, IRQ_INFO } from '../../uapi/device-get-irq-info.ts';
import { DEVICE_GET_REGION_INFO, REGION_INFO } from '../../uapi/device-get-region-info.ts';
import { DEVICE_RESET } from '../../uapi/device-reset.ts';
import { DEVICE_SET_IRQS, IRQ_SET } from '../../uapi/device-set-irqs.ts';
import { structArgument } from './argument.ts';
import type { FileTable } from './file-table.ts';
import type { SimHost } from './host.ts';
import { rowsOf } from './platform-resources.ts';
import { INFO_MINIMUM } from './info-struct.ts';
import { refuse } from './refusal.ts';
import { regionOffset } from './regions.ts';
import { callReset } from './reset-handlers.ts';
import { irqRequest } from './set-irqs.ts';
import type { PlatformVfioDevice } from './state.ts';

export type PlatformIoctl = (device: PlatformVfioDevice, number: number, argument: Buffer | number | null) => number;

/** The ioctls of a platform or AMBA device's descriptor (drivers/vfio/platform/vfio_platform_common.c). */
export function platformIoctl(host: SimHost, files: FileTable): PlatformIoctl {
  const { architecture } = host.inventory.kernel;
  const abi = abiOf(architecture);
  const number = (ioctl: typeof DEVICE_RESET) => ioctl.request(architecture).number;
  const handlers = new Map<number, (device: PlatformVfioDevice, argument: Buffer | number | null) => number>([
    [number(DEVICE_GET_INFO), (device, arg) => getInfo(abi, device, structArgument(arg, INFO_MINIMUM))],
    [number(DEVICE_GET_REGION_INFO), (device, arg) => getRegion(abi, device, structArgument(arg, REGION_INFO.size))],
    [number(DEVICE_GET_IRQ_INFO), (device, arg) => getIrq(abi, device, structArgument(arg, IRQ_INFO.size))],
    [
      number(DEVICE_SET_IRQS),
      (device, arg) => {
        const { interrupts } = device;
        // Where the interrupts end is tested against how many indices there are, not against the one of each.
        const request = irqRequest(
          files,
          abi,
          structArgument(arg, IRQ_SET.size),
          interrupts.count,
          () => interrupts.count,
        );
        return interrupts.set(request);
      },
    ],
    [number(DEVICE_RESET), (device) => (callReset(device), 0)],
  ]);
  if (host.inventory.vfio.devtreeInfo) {
    handlers.set(number(DEVICE_GET_DEVTREE_INFO), (device, arg) =>
      getDevtree(host, abi, device, structArgument(arg, DEVTREE_INFO.size)),
    );
  }
  return (device, request, argument) => (handlers.get(request) ?? (() => refuse('ENOTTY')))(device, argument);
}

function getInfo(abi: Abi, device: PlatformVfioDevice, argument: Buffer): number {
  if (DEVICE_INFO.read(abi, argument).argsz < INFO_MINIMUM) refuse('EINVAL');
  const bus = device.device.info.bus === 'amba' ? DEVICE_FLAG.amba : DEVICE_FLAG.platform;
  DEVICE_INFO.write(abi, argument, {
    flags: bus | (device.hasReset ? DEVICE_FLAG.reset : 0),
    numRegions: device.regions.length,
    numIrqs: device.interrupts.count,
  });
  return 0;
}

function getRegion(abi: Abi, device: PlatformVfioDevice, argument: Buffer): number {
  const { argsz, index } = REGION_INFO.read(abi, argument);
  const region = device.regions[index];
  if (argsz < REGION_INFO.size || !region) return refuse('EINVAL');
  REGION_INFO.write(abi, argument, { ...region, offset: regionOffset(index) });
  return 0;
}

function getIrq(abi: Abi, { interrupts }: PlatformVfioDevice, argument: Buffer): number {
  const { argsz, index } = IRQ_INFO.read(abi, argument);
  if (argsz < IRQ_INFO.size || index >= interrupts.count) refuse('EINVAL');
  IRQ_INFO.write(abi, argument, { flags: interrupts.flags(index), count: 1 });
  return 0;
}

/** The proposed call: an answer that does not fit says how long it is, as the INFO calls do (R-TREE-5). */
function getDevtree(host: SimHost, abi: Abi, { device }: PlatformVfioDevice, argument: Buffer): number {
  const { argsz, type, start } = DEVTREE_INFO.read(abi, argument);
  const wanted = type === DEVTREE_TYPE.region ? 'region' : type === DEVTREE_TYPE.interrupt ? 'interrupt' : null;
  const row = rowsOf(host, device).find(({ kind, vfioIndex }) => kind === wanted && vfioIndex === start);
  if (argsz < DEVTREE_INFO.size || !row) return refuse('EINVAL');
  const path = Buffer.from(`${row.path}\0`);
  const needed = DEVTREE_INFO.size + path.length;
  if (argsz < needed) {
    DEVTREE_INFO.write(abi, argument, { argsz: needed });
    return 0;
  }
  if (argument.length < needed) refuse('EFAULT');
  const exposed = row.property === 'ranges' || row.property === 'interrupt-map';
  DEVTREE_INFO.write(abi, argument, { index: row.dtIndex, flags: exposed ? DEVTREE_FLAG.ranges : 0 });
  path.copy(argument, DEVTREE_INFO.size);
  return 0;
}

import { kernelError } from '../../../src/runtime/kernel/errno.ts';
import { type Abi, abiOf } from '../../../src/runtime/uapi/abi.ts';
import { CAP_HEADER } from '../../../src/runtime/uapi/capability-chain.ts';
import { DEVTREE_INFO } from '../../../src/runtime/uapi/device-get-devtree-info.ts';
import { DEVICE_FLAG, DEVICE_INFO } from '../../../src/runtime/uapi/device-get-info.ts';
import { IRQ_FLAG, IRQ_INFO } from '../../../src/runtime/uapi/device-get-irq-info.ts';
import { DEPENDENT_DEVICE, HOT_RESET_INFO } from '../../../src/runtime/uapi/device-get-pci-hot-reset-info.ts';
import { REGION_FLAG, REGION_INFO } from '../../../src/runtime/uapi/device-get-region-info.ts';
import { GROUP_FLAG, GROUP_STATUS } from '../../../src/runtime/uapi/group-get-status.ts';
import {
  DMA_AVAIL_CAP,
  IOVA_RANGE,
  IOVA_RANGE_CAP,
  TYPE1_CAP,
  TYPE1_INFO,
  TYPE1_INFO_FLAG,
} from '../../../src/runtime/uapi/iommu-get-info.ts';

/** @param bus of the device that is asked, where one is. */
type Answer = (abi: Abi, argument: Buffer, bus: 'pci' | 'platform') => number | undefined;

const TREE_PATH = '/soc@ffe000000/usb@210000';

/** By the name of the call; what is not here returns 0 and changes nothing. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  VFIO_CHECK_EXTENSION: () => 1,
  VFIO_EVERY_GET_BANK_COUNT: () => 3,
  VFIO_GROUP_GET_STATUS: (abi, argument) =>
    write(() => GROUP_STATUS.write(abi, argument, { flags: GROUP_FLAG.viable })),
  VFIO_IOMMU_GET_INFO: iommuInfo,
  VFIO_DEVICE_GET_INFO: (abi, argument, bus) =>
    write(() => {
      const flags = DEVICE_FLAG[bus] | DEVICE_FLAG.reset;
      DEVICE_INFO.write(abi, argument, { flags, numRegions: 1, numIrqs: 1 });
    }),
  VFIO_DEVICE_GET_REGION_INFO: regionInfo,
  VFIO_DEVICE_GET_IRQ_INFO: (abi, argument) =>
    write(() => IRQ_INFO.write(abi, argument, { flags: IRQ_FLAG.automasked | IRQ_FLAG.eventfd, count: 4 })),
  VFIO_DEVICE_GET_PCI_HOT_RESET_INFO: hotResetInfo,
  VFIO_DEVICE_GET_DEVTREE_INFO: devtreeInfo,
};

/** Answers an ioctl in the byte order of an architecture: changes the argument, returns what the call returns. */
export function answerIoctl(
  architecture: string,
  name: string,
  argument: Buffer | number | null,
  bus: 'pci' | 'platform',
): number {
  const answer = Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined;
  return answer?.(abiOf(architecture), Buffer.isBuffer(argument) ? argument : Buffer.alloc(0), bus) ?? 0;
}

function write(change: () => void): undefined {
  change();
}

/** The first call has no room for the capabilities, the second has: two ranges, and how many mappings are left. */
function iommuInfo(abi: Abi, argument: Buffer): undefined {
  const ranges = TYPE1_INFO.size;
  const left = ranges + IOVA_RANGE_CAP.size + 2 * IOVA_RANGE.size;
  const size = left + DMA_AVAIL_CAP.size;
  const roomy = argument.length >= size;
  const flags = TYPE1_INFO_FLAG.pageSizes | TYPE1_INFO_FLAG.caps;
  TYPE1_INFO.write(abi, argument, { argsz: size, flags, pageSizes: 0x4020_1000n, capOffset: roomy ? ranges : 0 });
  if (!roomy) return;
  CAP_HEADER.write(abi, argument, { id: TYPE1_CAP.iovaRange, version: 1, next: left }, ranges);
  IOVA_RANGE_CAP.write(abi, argument, { count: 2 }, ranges);
  IOVA_RANGE.write(abi, argument, { first: 0n, last: 0xfedf_ffffn }, ranges + IOVA_RANGE_CAP.size);
  IOVA_RANGE.write(abi, argument, { first: 0xfef0_0000n, last: 0xffff_ffff_ffffn }, left - IOVA_RANGE.size);
  CAP_HEADER.write(abi, argument, { id: TYPE1_CAP.dmaAvail, version: 1, next: 0 }, left);
  DMA_AVAIL_CAP.write(abi, argument, { available: 65_533 }, left);
}

function regionInfo(abi: Abi, argument: Buffer): undefined {
  const { index } = REGION_INFO.read(abi, argument);
  const flags = REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.mmap;
  REGION_INFO.write(abi, argument, { flags, size: 0x1000n, offset: BigInt(index) << 40n });
}

function hotResetInfo(abi: Abi, argument: Buffer): undefined {
  const size = HOT_RESET_INFO.size + 2 * DEPENDENT_DEVICE.size;
  HOT_RESET_INFO.write(abi, argument, { count: 2 });
  if (argument.length < size) throw kernelError('VFIO_DEVICE_GET_PCI_HOT_RESET_INFO', 'device', 'ENOSPC');
  [0, 1].forEach((devfn) => {
    const at = HOT_RESET_INFO.size + devfn * DEPENDENT_DEVICE.size;
    DEPENDENT_DEVICE.write(abi, argument, { groupId: 6 + devfn, segment: 0, bus: 1, devfn }, at);
  });
}

function devtreeInfo(abi: Abi, argument: Buffer): undefined {
  const size = DEVTREE_INFO.size + TREE_PATH.length + 1;
  DEVTREE_INFO.write(abi, argument, { argsz: size, index: 0 });
  if (argument.length >= size) argument.write(`${TREE_PATH}\0`, DEVTREE_INFO.size, 'utf8');
}

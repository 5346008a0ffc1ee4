import type { Abi } from '../../uapi/abi.ts';
import { CAP_HEADER } from '../../uapi/capability-chain.ts';
import { DEVICE_FLAG, DEVICE_INFO } from '../../uapi/device-get-info.ts';
import { IRQ_FLAG, IRQ_INFO, PCI_IRQ, PCI_IRQ_COUNT } from '../../uapi/device-get-irq-info.ts';
import { PCI_REGION, REGION_CAP, REGION_FLAG, REGION_INFO } from '../../uapi/device-get-region-info.ts';
import type { SimHost } from './host.ts';
import { canReset } from './hot-reset.ts';
import { INFO_MINIMUM, infoBytes } from './info-struct.ts';
import { refuse } from './refusal.ts';
import { regionOffset, resourceOf } from './regions.ts';
import type { PciVfioDevice } from './state.ts';

export function getDeviceInfo(host: SimHost, abi: Abi, device: PciVfioDevice, argument: Buffer): number {
  const { argsz } = DEVICE_INFO.read(abi, argument);
  if (argsz < INFO_MINIMUM) refuse('EINVAL');
  const info = DEVICE_INFO.encode(abi, {
    argsz,
    flags: DEVICE_FLAG.pci | (canReset(host, device.device) ? DEVICE_FLAG.reset : 0),
    numRegions: PCI_REGION.count,
    numIrqs: PCI_IRQ_COUNT,
  });
  info.copy(argument, 0, 0, infoBytes(host.behaviour, argsz));
  return 0;
}

interface Region {
  readonly size: bigint;
  readonly flags: number;
}

const ABSENT: Region = { size: 0n, flags: 0 };

function region(device: PciVfioDevice, index: number, pageSize: bigint): Region {
  const readWrite = REGION_FLAG.read | REGION_FLAG.write;
  if (index === PCI_REGION.config) return { size: BigInt(device.config.size), flags: readWrite };
  if (index >= PCI_REGION.vga) return refuse('EINVAL');
  const resource = resourceOf(device, index);
  if (!resource) return ABSENT;
  if (index === PCI_REGION.rom) return { size: resource.size, flags: REGION_FLAG.read };
  // A BAR smaller than a page can be mapped where it has the page for itself: it begins at one.
  const mappable = resource.kind !== 'io' && (resource.size >= pageSize || resource.start % pageSize === 0n);
  return { size: resource.size, flags: readWrite | (mappable ? REGION_FLAG.mmap : 0) };
}

export function getRegionInfo(abi: Abi, device: PciVfioDevice, pageSize: bigint, argument: Buffer): number {
  // Where there is no capability, `cap_offset` stays what the caller has put there.
  const { argsz, index, capOffset } = REGION_INFO.read(abi, argument);
  if (argsz < REGION_INFO.size) refuse('EINVAL');
  const { size, flags } = region(device, index, pageSize);
  const info = { argsz, flags, capOffset, size, offset: regionOffset(index) };
  if (index === device.device.model.msixBar && (flags & REGION_FLAG.mmap) !== 0) {
    info.flags |= REGION_FLAG.caps;
    if (argsz < REGION_INFO.size + CAP_HEADER.size) {
      info.argsz = REGION_INFO.size + CAP_HEADER.size;
      info.capOffset = 0;
    } else {
      if (argument.length < REGION_INFO.size + CAP_HEADER.size) refuse('EFAULT');
      info.capOffset = REGION_INFO.size;
      CAP_HEADER.write(abi, argument, { id: REGION_CAP.msixMappable, version: 1, next: 0 }, REGION_INFO.size);
    }
  }
  REGION_INFO.write(abi, argument, info);
  return 0;
}

export function getIrqInfo(abi: Abi, device: PciVfioDevice, argument: Buffer): number {
  const { argsz, index } = IRQ_INFO.read(abi, argument);
  if (argsz < IRQ_INFO.size || index >= PCI_IRQ_COUNT) refuse('EINVAL');
  const { interrupts } = device;
  if (index === PCI_IRQ.err && !interrupts.limits.pcie) refuse('EINVAL');
  const resizable = index === PCI_IRQ.msix && interrupts.limits.growingMsix;
  const kind = index === PCI_IRQ.intx ? IRQ_FLAG.maskable | IRQ_FLAG.automasked : resizable ? 0 : IRQ_FLAG.noresize;
  IRQ_INFO.write(abi, argument, { flags: IRQ_FLAG.eventfd | kind, count: interrupts.count(index) });
  return 0;
}

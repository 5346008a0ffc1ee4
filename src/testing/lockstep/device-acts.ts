import * as uapi from '../../runtime/uapi/index.ts';
import { act, closes, deviceFd, fdOf, groupFd, opens, type Act, type LockstepDevice, type Side } from './act.ts';
import { configAct } from './config-acts.ts';
import { interruptAct } from './interrupt-act.ts';
import { pick, type Random } from './random.ts';
import { hotResetAct, infoAct, strangerAct } from './struct-acts.ts';

/** Region n of a PCI device begins at n << 40 (`VFIO_PCI_OFFSET_SHIFT`, drivers/vfio/pci/vfio_pci_core.h). */
const region = (index: number, offset = 0): bigint => (BigInt(index) << 40n) + BigInt(offset);

/** BAR 0 of an e1000e. */
const BAR_BYTES = 0x2_0000;

/** Where regions begin and end: BAR 0 of 128 KiB, an I/O BAR, configuration space of 4 KiB, no region at all. */
const OFFSETS = [
  region(0),
  region(0, 0x1_fffc),
  region(0, 0x2_0000),
  region(2),
  region(4),
  region(7),
  region(7, 0xffe),
  region(7, 0x1000),
  region(16),
];

/** The same for a platform device, whose registers are read in words. */
const edges = (bytes: number): readonly bigint[] => [
  region(0),
  region(0, bytes - 4),
  region(0, bytes),
  region(0, bytes + 0x1000),
  region(1),
  region(16),
];

/** mmap of a part of the device, taken back at once. */
function mapsPart(random: Random, device: LockstepDevice, bytes: number): Act {
  const offset = pick(random, [region(0), region(0), region(0), region(0, 0x1000), region(0, 0x800), region(1)]);
  const length = pick(random, [BigInt(bytes), 0x1000n, 0x1000n, 0x200n, 0x2000n, 0n]);
  const about = `${deviceFd(device)} 0x${offset.toString(16)} 0x${length.toString(16)}`;
  return act('mmap device', about, (s) => {
    const address = s.kernel.mmap({ length, hugePageSize: null, fd: fdOf(s, deviceFd(device)), offset });
    s.kernel.munmap(address, length);
    return 'mapped';
  });
}

export const opensDevice = (device: LockstepDevice, name: string = device.address): Act =>
  opens(deviceFd(device), 'GET_DEVICE_FD', `${groupFd(device)} ${name}`, (s) =>
    uapi.getDeviceFd(s.kernel, fdOf(s, groupFd(device)), name),
  );

/** A call on the device or, for its descriptor, on its group. */
export function deviceAct(random: Random, device: LockstepDevice): Act {
  const group = groupFd(device);
  const name = deviceFd(device);
  const index = random(2) === 0 ? random(3) : random(10);
  const offset = pick(random, device.regionBytes === undefined ? OFFSETS : edges(device.regionBytes));
  const on = (call: string, about: string, run: (kernel: Side['kernel'], fd: number, side: Side) => unknown): Act =>
    act(call, `${name}${about}`, (s) => run(s.kernel, fdOf(s, name), s));
  return pick(random, [
    opensDevice(device),
    opensDevice(device),
    opensDevice(device, pick(random, ['0000:fe:1f.7', '', `${device.address} vf_token=1`, `${device.address}x`])),
    infoAct(random, device),
    infoAct(random, device),
    strangerAct(random, device),
    ...(device.regionBytes === undefined
      ? [hotResetAct(random, device), configAct(random, device), configAct(random, device)]
      : []),
    on('GET_INFO', '', uapi.getDeviceInfo),
    on('GET_REGION_INFO', ` ${index}`, (kernel, fd) => uapi.getRegionInfo(kernel, fd, index)),
    on('GET_IRQ_INFO', ` ${index}`, (kernel, fd) => uapi.getIrqInfo(kernel, fd, index)),
    on('RESET', '', uapi.resetDevice),
    on('HOT_RESET_INFO', '', uapi.getPciHotResetInfo),
    on('HOT_RESET', '', (kernel, fd, s) => uapi.pciHotReset(kernel, fd, [fdOf(s, group)])),
    // What is in the registers is the hardware's affair: only whether they can be read is compared.
    on('pread', ` 0x${offset.toString(16)}`, (kernel, fd) => kernel.pread(fd, 4, offset).length),
    mapsPart(random, device, device.regionBytes ?? BAR_BYTES),
    mapsPart(random, device, device.regionBytes ?? BAR_BYTES),
    interruptAct(random, name),
    interruptAct(random, name),
    interruptAct(random, name),
    ...(random(3) === 0 ? [closes(name)] : []),
  ]);
}
